/**
 * Keeps two processes from writing one torrent's files at once. The system
 * itself drops the lock of a process that ends, however it ends.
 *
 * @module
 */
import { join } from "@std/path";
import { delay } from "@std/async/delay";
import { StorageError } from "../base/errors.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { errorCode } from "./storage_failure.ts";
import { makeOwnFolder } from "./own_folder.ts";
import { sha1 } from "./sha1.ts";
import { encodeHex } from "@std/encoding/hex";

/** How long a lock that is free may take, in milliseconds. */
const LOCK_WAIT_MS = 500;

/**
 * Locks a torrent's files below `dir` until it is disposed of; `undefined` where
 * nothing can be locked because nothing can be written there, or because the
 * file system has no locks.
 * @throws {StorageError} If another process shares the same files.
 */
export async function lockFolder(
  torrent: Torrent,
  dir: string,
): Promise<Disposable | undefined> {
  let file: Deno.FsFile;
  try {
    const path = join(await makeOwnFolder(dir), lockName(torrent));
    file = await Deno.open(path, { write: true, create: true });
  } catch (error) {
    const unwritable = error instanceof StorageError ||
      error instanceof Deno.errors.NotCapable || errorCode(error) !== undefined;
    if (unwritable) return undefined;
    throw error;
  }
  // Deno 2.4 has no call that only tries: one that waits is left waiting, and
  // ends with this process or, should the other one leave, by closing the file.
  const lock = file.lock(true).then(
    () => "locked" as const,
    () => "no locks" as const,
  );
  const abort = new AbortController();
  const outcome = await Promise.race([
    lock,
    delay(LOCK_WAIT_MS, { signal: abort.signal, persistent: false })
      .then(() => "taken" as const, () => "taken" as const),
  ]);
  abort.abort();
  switch (outcome) {
    case "locked":
      return { [Symbol.dispose]: () => file.close() };
    case "no locks":
      file.close();
      return undefined;
    case "taken":
      lock.then(() => file.close());
      throw new StorageError(
        `Cannot share ${torrent.name} in ${dir}: another peer does so already; ` +
          "end that one first or choose another folder",
      );
    default:
      return outcome satisfies never;
  }
}

/** By the name on the disk: two torrents of one name write the same files. */
function lockName(torrent: Torrent): string {
  const name = new TextEncoder().encode(
    torrent.name.normalize("NFC").toLowerCase(),
  );
  return `${encodeHex(sha1(name))}.lock`;
}
