/**
 * Downloads to a file system that ignores case in names, and to disks that vanish.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  assertCopied,
  LocalSwarm,
  type PublishedTorrent,
  runPeer,
  spawnPeer,
} from "./local_swarm.ts";
import { StorageError } from "../../lib/base/errors.ts";
import { openTorrentContent } from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import type { ProgramResult } from "../../scripts/programs/running_program.ts";
import {
  foreignDiskUnavailableReason,
  makeReadOnly,
  mountForeignDisk,
  mountMemoryDisk,
  unmount,
} from "./foreign_disk.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";
import { testUnless } from "../test_unless.ts";

const unavailableReason = await foreignDiskUnavailableReason();

/** Registers a test that needs such a disk; it is ignored, with the reason, if there is none. */
function foreignDiskTest(name: string, fn: () => Promise<void>): void {
  testUnless(unavailableReason, name, fn);
}

async function fetchTo(
  dir: string,
  { path }: PublishedTorrent,
): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await runPeer(
    ...[path, "--dir", dir, "--exit-when-complete"],
  );
  return { code, stderr };
}

foreignDiskTest(
  "peer refuses two files that the file system takes for one, before anything is stored",
  async () => {
    await using disk = await mountForeignDisk();
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("twins", {
      files: { "other": 70_000, "sub/README": 70_000, "sub/Readme": 70_000 },
    });
    const { code, stderr } = await fetchTo(disk.path, shared);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot store \S+\/twins\/sub\/R\w+: the file system there does not tell its name from "twins\/sub\/R\w+"; choose a folder on another one\n$/,
    );
    assertEquals(await listing(disk.path), []);
    assertEquals(swarm.uploadedBytes(shared), 0);

    // The machine's own file system tells them apart.
    const own = join(swarm.folder, "own");
    assertEquals(await fetchTo(own, shared), { code: 0, stderr: "" });
    await assertCopied(shared, own);
  },
);

foreignDiskTest(
  "peer refuses a file that the file system takes for a folder, before anything is stored",
  async () => {
    await using disk = await mountForeignDisk();
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("twins", {
      files: { "Über": 70_000, "über/a": 70_000 },
    });
    const { code, stderr } = await fetchTo(disk.path, shared);
    assertEquals(code, 1);
    assertMatch(stderr, /does not tell its name from "twins\/.ber"; choose/);
    assertEquals(await listing(disk.path), []);
  },
);

foreignDiskTest(
  "peer refuses a name that the file system forbids, unless the file is left out",
  async () => {
    await using disk = await mountForeignDisk("windows_names");
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("names", {
      files: { "what?": 70_000, "other": 70_000 },
    });
    const { code, stderr } = await fetchTo(disk.path, shared);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot use \S+\/names\/what\?: the file system does not take this name; choose a folder on another one, or leave it out with --not\n$/,
    );
    const { code: partCode } = await runPeer(
      ...[shared.path, "--dir", disk.path, "--exit-when-complete"],
      ...["--not", "what*"],
    );
    assertEquals(partCode, 0);
    assertEquals(await listing(disk.path), ["names/other"]);
  },
);

foreignDiskTest(
  "peer stores other names there, also in a folder of two spellings, and resumes",
  async () => {
    await using disk = await mountForeignDisk();
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("Album", {
      files: { "Disc/A": 70_000, "disc/B": 70_000, "Ümlaut und ß": 70_000 },
    });
    assertEquals(await fetchTo(disk.path, shared), { code: 0, stderr: "" });
    await assertCopied(shared, disk.path);
    const sent = swarm.uploadedBytes(shared);
    assertEquals(await fetchTo(disk.path, shared), { code: 0, stderr: "" });
    assertEquals(swarm.uploadedBytes(shared), sent);
  },
);

foreignDiskTest(
  "a seeder whose disk vanishes reports it and ends; its leecher uses another seeder",
  async () => {
    await using disk = await mountForeignDisk();
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("many", { files: MANY_FILES });
    assertEquals(await fetchTo(disk.path, shared), { code: 0, stderr: "" });
    await using seeder = spawnPeer(shared.path, "--dir", disk.path);
    await seeder.stdout.waitFor(/verified and complete; seeding/);
    await disk.vanish();
    const dir = join(swarm.folder, "leecher");
    assertEquals(await fetchTo(dir, shared), { code: 0, stderr: "" });
    await assertCopied(shared, dir);
    assertGone(await seeder.ended());
  },
);

foreignDiskTest(
  "a leecher whose disk vanishes reports it and ends",
  async () => {
    await using disk = await mountForeignDisk();
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("many", { files: MANY_FILES });
    await using leecher = spawnPeer(
      ...[
        shared.path,
        "--dir",
        disk.path,
        "--json",
        "--max-download",
        "300KiB",
      ],
    );
    await leecher.stdout.waitFor(/"type":"pieceVerified"/);
    await disk.vanish();
    assertGone(await leecher.ended());
  },
);

foreignDiskTest(
  "a leecher does not write to the folder below an unmounted disk",
  async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("many", { files: MANY_FILES });
    const place = join(swarm.folder, "place");
    for (const folder of ["", "downloads"]) {
      const dir = join(place, folder);
      await Deno.mkdir(place);
      await mountMemoryDisk(place);
      await Deno.mkdir(dir, { recursive: true });
      await using leecher = spawnPeer(
        ...[shared.path, "--dir", dir, "--json", "--max-download", "300KiB"],
      );
      await leecher.stdout.waitFor(/"type":"pieceVerified"/);
      await unmount(place);
      assertGone(await leecher.ended());
      assertEquals(await listing(place), []);
      await Deno.remove(place, { recursive: true });
    }
  },
);

foreignDiskTest(
  "content on a read-only disk is verified and shared without a record",
  async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = sampleTorrent(16_384, [
      { path: ["f"], length: 40_000 },
    ]);
    await using _disk = await mountMemoryDisk(folder.path);
    await Deno.writeFile(join(folder.path, "f"), content);
    await makeReadOnly(folder.path);
    await using opened = await openTorrentContent(torrent, {
      dir: folder.path,
      recordSecret: new Uint8Array(32),
    });
    const have = await opened.verify();
    assert(have.isFull);
    await opened.save(() => have);
    assertEquals(await listing(folder.path), ["f"]);
  },
);

foreignDiskTest(
  "a read-only disk is reported before anything is fetched, wherever the first missing file lies",
  async () => {
    const layouts = [[], ["top/f"], ["top/deep/"], ["top"]] as const;
    for (const [path] of layouts) {
      await using folder = await temporaryFolder();
      await using _disk = await mountMemoryDisk(folder.path);
      const at = join(folder.path, path ?? "");
      const isFile = path === "top/f";
      await Deno.mkdir(isFile ? join(at, "..") : at, { recursive: true });
      if (isFile) await Deno.writeTextFile(at, "begun");
      const filePath = isFile ? ["top", "f"] : ["top", "deep", "f"];
      const files = [{ path: filePath, length: 10 }];
      const { torrent } = sampleTorrent(16_384, files);
      const options = { dir: folder.path, overwrite: true };
      const before = await listing(folder.path);
      {
        await using opened = await openTorrentContent(torrent, options);
        await opened.begin(await opened.verify());
      }
      // A file that lacks content is a part now.
      const left = await listing(folder.path);
      assertEquals(left, isFile ? [] : before);
      await makeReadOnly(folder.path);
      await using opened = await openTorrentContent(torrent, options);
      const have = await opened.verify();
      const { message } = await assertRejects(
        () => opened.begin(have),
        StorageError,
      );
      assertMatch(message, /the file system is read-only; choose a folder/);
    }
  },
);

/** More files than a peer holds open. */
const MANY_FILES = Object.fromEntries(
  Array.from({ length: 100 }, (_, index) => [`${index}`, 40_000]),
);

function assertGone({ code, stderr }: ProgramResult): void {
  assertEquals(code, 1);
  assertMatch(stderr, /^error: cannot [^\n]* is gone; bring it back[^\n]*\n$/);
}
