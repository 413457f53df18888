import { assertEquals } from "@std/assert";
import {
  describeLost,
  findNameWarnings,
  findPlanWarnings,
  torrentFileName,
} from "../../../cli/create.ts";
import { Geometry, type LostProperties } from "../../../mod.ts";

Deno.test("findNameWarnings() says nothing of names that lie everywhere", () => {
  assertEquals(findNameWarnings([["a", "b.txt"], ["a", "ü", "c"]]), []);
});

Deno.test("findNameWarnings() has a line for each platform, with the first name and how many more", () => {
  assertEquals(
    findNameWarnings([["a", "b?"], ["a", "README"], ["a", "readme"]]),
    [
      'Windows cannot download this torrent: "b?" contains a character that Windows forbids (and 1 more); to share with such machines, choose other names',
      'macOS cannot download this torrent: "a/readme" is the same as "a/README" on macOS, which ignores case and the way accents are written; to share with such machines, choose other names',
    ],
  );
});

const NOTHING_LOST: LostProperties = {
  ...{ executables: 0, emptyFolders: 0, links: 0, leftOut: new Map() },
};

Deno.test("describeLost() counts what is left out by name and glob", () => {
  assertEquals(describeLost(NOTHING_LOST), []);
  const leftOut = new Map([[".DS_Store", 2], ["*.tmp", 14]]);
  assertEquals(describeLost({ ...NOTHING_LOST, leftOut }), [
    "left out: .DS_Store (2), *.tmp (14)",
  ]);
});

Deno.test("findPlanWarnings() says what pieces above 16 MiB cost each peer", () => {
  const MIB = 2 ** 20;
  const lost = NOTHING_LOST;
  const warnings = (length: number, pieceLength: number): string[] => {
    const geometry = new Geometry(length, pieceLength);
    const [fileCount, torrentFileLength] = [1, 1000];
    return findPlanWarnings({
      ...{ geometry, fileLength: length, fileCount, linkCount: 0 },
      ...{ torrentFileLength, lost },
    });
  };
  assertEquals(warnings(2 ** 40, 16 * MIB), []);
  assertEquals(warnings(2 ** 30, 256 * MIB), [
    "pieces of 256 MiB cost each peer that downloads 512 MiB of memory or more, as it keeps at least two whole pieces until they are verified; 1 MiB would be enough",
  ]);
  assertEquals(warnings(2 ** 41, 32 * MIB), [
    "pieces of 32 MiB cost each peer that downloads 64 MiB of memory or more, as it keeps at least two whole pieces until they are verified",
  ]);
});

Deno.test("torrentFileName() cuts a name to 255 bytes between characters", () => {
  assertEquals(torrentFileName("a"), "a.torrent");
  assertEquals(torrentFileName("n".repeat(247)), `${"n".repeat(247)}.torrent`);
  assertEquals(torrentFileName("n".repeat(250)), `${"n".repeat(247)}.torrent`);
  assertEquals(torrentFileName("é".repeat(125)), `${"é".repeat(123)}.torrent`);
  assertEquals(torrentFileName("🎬".repeat(63)), `${"🎬".repeat(61)}.torrent`);
});
