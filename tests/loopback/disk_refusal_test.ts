import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";
import {
  type SampleTorrent,
  sampleTorrent,
} from "../core/disk/sample_torrent.ts";
import { storePieces } from "./store_content.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const KIB = 1024;
const isWindows = Deno.build.os === "windows";

/** A torrent of one file of 10 bytes. */
function torrentOf(path: readonly string[]): SampleTorrent {
  return sampleTorrent(16 * KIB, [{ path, length: 10 }]);
}

/** Asserts that a storage refuses to write. */
async function assertNotWritten(
  torrent: Torrent,
  dir: string,
  reason: string,
): Promise<void> {
  await using storage = await openFileStorage(torrent, { dir });
  await assertRejects(
    () => storage.write(0, new Uint8Array(10)),
    StorageError,
    reason,
  );
}

/** Asserts that everything that a storage can do is refused. */
async function assertRefused(
  torrent: Torrent,
  dir: string,
  reason: string,
): Promise<void> {
  await using storage = await openFileStorage(torrent, { dir });
  const bytes = new Uint8Array(10);
  for (
    const access of [
      () => storage.write(0, bytes),
      () => storage.read(0, bytes),
      () => storage.presentRanges(),
    ]
  ) {
    await assertRejects(access, StorageError, reason);
  }
}

Deno.test({
  name:
    "openFileStorage() writes through no symbolic link in the place of a file",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    const { torrent } = torrentOf(["f"]);
    const victim = join(outside.path, "victim");
    await Deno.writeTextFile(victim, "0123456789");
    await Deno.symlink(victim, join(folder.path, "f"));
    await assertNotWritten(torrent, folder.path, "it is a symbolic link");
    assertEquals(await Deno.readTextFile(victim), "0123456789");
  },
});

Deno.test({
  name:
    "openFileStorage() writes through no symbolic link to a file that does not exist",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    const { torrent } = torrentOf(["f"]);
    await Deno.symlink(join(outside.path, "new"), join(folder.path, "f"));
    await assertNotWritten(torrent, folder.path, "it is a symbolic link");
    assertEquals(await listing(outside.path), []);
  },
});

Deno.test({
  name:
    "openFileStorage() writes through no symbolic link in the place of a folder",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    const { torrent } = torrentOf(["top", "deep", "f"]);
    await Deno.mkdir(join(folder.path, "top"));
    await Deno.symlink(outside.path, join(folder.path, "top", "deep"));
    await assertNotWritten(torrent, folder.path, "it is a symbolic link");
    assertEquals(await listing(outside.path), []);
  },
});

Deno.test({
  name: "openFileStorage() takes a download folder that is a symbolic link",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = torrentOf(["f"]);
    const link = join(folder.path, "link");
    await Deno.mkdir(join(folder.path, "real"));
    await Deno.symlink("real", link);
    await using storage = await openFileStorage(torrent, { dir: link });
    await storePieces(storage, torrent, { content });
    assertEquals(await Deno.readFile(join(folder.path, "real", "f")), content);
  },
});

Deno.test("openFileStorage() refuses a folder in the place of a file", async () => {
  await using folder = await temporaryFolder();
  const { torrent } = torrentOf(["f"]);
  await Deno.mkdir(join(folder.path, "f"));
  await assertRefused(
    torrent,
    folder.path,
    "a folder stands where a file must be",
  );
});

Deno.test("openFileStorage() refuses a file in the place of a folder", async () => {
  await using folder = await temporaryFolder();
  const { torrent } = torrentOf(["top", "f"]);
  await Deno.writeTextFile(join(folder.path, "top"), "");
  await assertRefused(
    torrent,
    folder.path,
    "a file stands where a folder must be",
  );
});

Deno.test({
  name: "openFileStorage() refuses a named pipe instead of waiting for it",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent } = torrentOf(["f"]);
    const made = await new Deno.Command("mkfifo", {
      args: [join(folder.path, "f")],
    }).output();
    assertEquals(made.success, true);
    await assertRefused(torrent, folder.path, "a pipe, socket or device");
  },
});

Deno.test({
  name:
    "openFileStorage() reads through a link that was shared, and links that stay in what it leads to",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    const { torrent, content } = sampleTorrent(16 * KIB, [
      { path: ["top", "deep", "f"], length: 10 },
      { path: ["top", "g"], length: 10 },
    ]);
    const real = join(outside.path, "real");
    await Deno.mkdir(join(real, "other"), { recursive: true });
    await Deno.symlink(real, join(folder.path, "top"));
    await Deno.symlink("other", join(real, "deep"));
    await Deno.writeFile(join(real, "other", "f"), content.subarray(0, 10));
    await Deno.writeFile(join(real, "g"), content.subarray(10));
    const link = join(folder.path, "file");
    await Deno.symlink(join(real, "g"), link);
    {
      await using storage = await openFileStorage(torrent, {
        dir: folder.path,
      });
      const bytes = new Uint8Array(20);
      await storage.read(0, bytes);
      assertEquals(bytes, content);
      assertEquals(await storage.presentRanges(), [
        { offsetInTorrent: 0, length: 20 },
      ]);
      await assertRejects(
        () => storage.write(0, bytes),
        StorageError,
        "it is a symbolic link",
      );
    }
    // A link that leads out of what is shared is not followed.
    await Deno.writeFile(join(outside.path, "g"), content.subarray(10));
    await Deno.remove(join(real, "g"));
    await Deno.symlink(join(outside.path, "g"), join(real, "g"));
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    for (
      const access of [
        () => storage.read(10, new Uint8Array(10)),
        () => storage.presentRanges(),
      ]
    ) {
      await assertRejects(access, StorageError, "it is a symbolic link");
    }
  },
});
