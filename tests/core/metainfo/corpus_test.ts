import { assert, assertEquals } from "@std/assert";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { MetainfoError } from "../../../lib/metainfo/metainfo_error.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import { findPathFault } from "../../../lib/metainfo/safe_path.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";
import {
  type CorpusFile,
  oddKeys,
  oddNumbers,
  paths,
  sampleBytes,
  truncations,
  wrongTypes,
} from "./corpus.ts";

/** The torrent, or its MetainfoError; any other error is our bug. */
async function read(file: CorpusFile): Promise<Torrent | MetainfoError> {
  try {
    return await parseTorrent(file.bytes, { sha1, platform: "windows" });
  } catch (error) {
    if (error instanceof MetainfoError) return error;
    throw new Error(`Cannot go on after ${file.name}`, { cause: error });
  }
}

/** Asserts the invariants of an accepted torrent. */
function assertSound(torrent: Torrent, name: string): void {
  const { files, geometry, pieceHashes, infoHash } = torrent;
  const length = files.reduce((sum, file) => sum + file.length, 0);
  assertEquals(length, geometry.length, name);
  assertEquals(pieceHashes.length, geometry.pieceCount * 20, name);
  assert(/^[0-9a-f]{40}$/.test(infoHash), name);
  for (const { path, isPadding, linkTarget } of files) {
    if (!isPadding) {
      assertEquals(findPathFault(path, "windows"), undefined, name);
    }
    if (linkTarget !== undefined) {
      assertEquals(linkTarget[0], torrent.name, name);
      assertEquals(findPathFault(linkTarget, "windows"), undefined, name);
    }
  }
}

/** The classes of files; some change only optional keys and may be accepted. */
const CLASSES: readonly {
  readonly name: string;
  readonly files: () => Generator<CorpusFile>;
  readonly mayAccept: boolean;
}[] = [
  {
    name: "values of every kind in every place",
    files: wrongTypes,
    mayAccept: true,
  },
  {
    name: "odd keys, keys out of order and twice",
    files: oddKeys,
    mayAccept: true,
  },
  { name: "names and paths", files: paths, mayAccept: true },
  {
    name: "numbers that bencode does not have",
    files: oddNumbers,
    mayAccept: false,
  },
  {
    name: "the file, truncated at every byte",
    files: truncations,
    mayAccept: false,
  },
];

Deno.test("parseTorrent() reads the unchanged sample", async () => {
  const torrent = await read({ name: "sample", bytes: sampleBytes() });
  assert(!(torrent instanceof MetainfoError), String(torrent));
  assertSound(torrent, "sample");
  assertEquals(torrent.files.map(({ isPadding }) => isPadding), [
    ...[false, true, false, false],
  ]);
});

for (const { name, files, mayAccept } of CLASSES) {
  Deno.test(`parseTorrent() accepts or throws MetainfoError: ${name}`, async () => {
    let acceptedCount = 0;
    let refusedCount = 0;
    for (const file of files()) {
      const outcome = await read(file);
      if (outcome instanceof MetainfoError) {
        refusedCount++;
        assert(/^Cannot read torrent: .+$/.test(outcome.message), file.name);
        continue;
      }
      acceptedCount++;
      assert(mayAccept, `${file.name} was accepted`);
      assertSound(outcome, file.name);
    }
    assert(refusedCount > 0, "nothing was refused");
    assertEquals(acceptedCount > 0, mayAccept);
  });
}

Deno.test("parseTorrent() hashes the raw bytes, in any order of keys", async () => {
  const [sample] = [sampleBytes()];
  const start = new TextDecoder("latin1").decode(sample).indexOf("4:info") + 6;
  const end = sample.length - "8:url-listlee".length;
  const hash = sha1(sample.subarray(start, end));
  const torrent = await parseTorrent(sample, { sha1 });
  assertEquals(
    torrent.infoHash,
    Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  );
});
