/**
 * Locks of many torrents in one folder.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { lockFolder, LockOwners } from "../../lib/disk/folder_lock.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16384;

Deno.test("a lock removes old files of processes that were killed while they wrote them", async () => {
  await using folder = await temporaryFolder();
  const own = join(folder.path, ".lanswarm");
  await Deno.mkdir(own);
  const part = (name: string): string =>
    join(own, `${name}.${crypto.randomUUID()}.part`);
  const [old, fresh] = [part("a.resume"), part("a.resume")];
  const others = [join(own, "a.part"), join(own, "a.resume")];
  for (const path of [old, fresh, ...others]) {
    await Deno.writeTextFile(path, "");
    if (path !== fresh) await Deno.utime(path, 1_000, 1_000);
  }
  const { torrent } = sampleTorrent(PIECE_LENGTH, [{ path: ["f"], length: 5 }]);
  await using _ = await lockFolder(torrent, folder.path);
  await assertRejects(() => Deno.lstat(old), Deno.errors.NotFound);
  for (const path of [fresh, ...others]) await Deno.lstat(path);
});

Deno.test(
  "locks of one process share a file descriptor, and keep other owners out",
  {
    // Deno 2.4 goes on waiting for a lock that is held.
    sanitizeResources: false,
    sanitizeOps: false,
  },
  async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const torrents = Array.from(
      { length: 20 },
      (_, index) =>
        sampleTorrent(PIECE_LENGTH, [{ path: [`f${index}`], length: 5 }])
          .torrent,
    );
    const [first, last] = [torrents[0]!, torrents.at(-1)!];
    const ownFiles = async (kind: string): Promise<number> => {
      const names = await Array.fromAsync(
        Deno.readDir(join(dir, ".lanswarm")),
        ({ name }) => name,
      );
      return names.filter((name) => name.endsWith(kind)).length;
    };
    const lockOwners = new LockOwners();
    const locks = await Promise.all(
      torrents.map((torrent) => lockFolder(torrent, dir, { lockOwners })),
    );
    assertEquals(await ownFiles(".owner"), 1);
    for (
      const [options, reason] of [
        [{ lockOwners }, "this program shares another torrent of that name"],
        [{}, `another peer does so already (process ${Deno.pid})`],
      ] as const
    ) {
      const again = lockFolder(last, dir, options);
      await assertRejects(() => again, StorageError, reason);
    }
    // The same owner may lock one again; another one only when all are free.
    await locks[0]![Symbol.asyncDispose]();
    locks[0] = await lockFolder(first, dir, { lockOwners });
    for (const lock of locks) await lock![Symbol.asyncDispose]();
    assertEquals(await ownFiles(".owner"), 0);
    // The file of a process that was killed: nobody holds its lock.
    const dead = `${crypto.randomUUID()}.owner`;
    await Deno.writeTextFile(join(dir, ".lanswarm", dead), "");
    const names = await Array.fromAsync(
      Deno.readDir(join(dir, ".lanswarm")),
      ({ name }) => name,
    );
    for (const name of names.filter((name) => name.endsWith(".lock"))) {
      await Deno.writeTextFile(join(dir, ".lanswarm", name), `${dead} 1`);
    }
    {
      await using lock = await lockFolder(last, dir);
      assert(lock !== undefined);
      assertEquals(await ownFiles(".owner"), 1);
    }
    // No claim, but a path that leads elsewhere.
    await Deno.writeTextFile(join(dir, "kept"), "x");
    await Deno.writeTextFile(
      join(dir, ".lanswarm", names.find((name) => name.endsWith(".lock"))!),
      "../kept 1",
    );
    for (const torrent of torrents) {
      await using lock = await lockFolder(torrent, dir);
      assert(lock !== undefined);
    }
    assertEquals(await Deno.readTextFile(join(dir, "kept")), "x");
  },
);
