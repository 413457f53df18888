/**
 * Files that another program modifies while they are shared: when a read of the
 * storage, and one from memory, detects it.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { ContentChangedError } from "../../lib/base/errors.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { ReadCache } from "../../lib/disk/read_cache.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const BLOCK_LENGTH = 16384;
const PIECE_LENGTH = 4 * BLOCK_LENGTH;
/** More than the time in which files are not checked again, in milliseconds. */
const CHECK_INTERVAL_MS = 20;

const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
  { path: ["many", "a"], length: 4 * PIECE_LENGTH },
  { path: ["many", "b"], length: PIECE_LENGTH },
]);

/** A storage whose files were verified, and its cache. */
async function withServed(
  task: (served: {
    readonly file: string;
    readonly serve: (
      blockIndex: number,
      blockCount?: number,
    ) => Promise<Uint8Array>;
  }) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "many", "a");
  await Deno.mkdir(join(folder.path, "many"));
  await Deno.writeFile(file, content.subarray(0, 4 * PIECE_LENGTH));
  const b = content.subarray(4 * PIECE_LENGTH);
  await Deno.writeFile(join(folder.path, "many", "b"), b);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  storage.expect(await storage.stamps());
  const cache = new ReadCache(storage, torrent.geometry);
  const serve = async (blockIndex: number, blockCount = 1) => {
    const blocks = new Uint8Array(blockCount * BLOCK_LENGTH);
    await cache.read(blockIndex * BLOCK_LENGTH, blocks, PIECE_LENGTH);
    return blocks;
  };
  await task({ file, serve });
}

/** Modifies a file without another size. */
async function modify(file: string): Promise<void> {
  await Deno.writeFile(file, new Uint8Array(4 * PIECE_LENGTH));
  await Deno.utime(file, 1, 1);
}

function assertChanged(read: () => Promise<unknown>): Promise<Error> {
  return assertRejects(
    read,
    ContentChangedError,
    "another program modified it",
  );
}

Deno.test("a file is checked before the first block after a pause leaves", () =>
  withServed(async ({ file, serve }) => {
    await serve(0);
    await modify(file);
    await delay(CHECK_INTERVAL_MS);
    // Of the second piece, which is not in memory; and once more.
    await assertChanged(() => serve(4));
    await assertChanged(() => serve(4));
  }));

Deno.test("no block of a modified file is served twice, even within 10 ms", () =>
  withServed(async ({ file, serve }) => {
    await serve(16);
    await modify(file);
    let error: unknown;
    for (let times = 0; times < 2 && error === undefined; times++) {
      error = await serve(4).then(() => undefined, (error) => error);
    }
    assertEquals(error instanceof ContentChangedError, true);
    await assertChanged(() => serve(5));
  }));

Deno.test("no block of a long request is served twice either", () =>
  withServed(async ({ file, serve }) => {
    await serve(16);
    await modify(file);
    let error: unknown;
    // The later ones share single blocks with the first.
    for (const [first, count] of [[4, 4], [7, 1], [5, 3]] as const) {
      error ??= await serve(first, count).then(() => undefined, (it) => it);
    }
    assertEquals(error instanceof ContentChangedError, true);
    await assertChanged(() => serve(4, 2));
  }));

Deno.test("blocks that were read and checked before a change are served", () =>
  withServed(async ({ file, serve }) => {
    await delay(CHECK_INTERVAL_MS);
    await serve(0);
    await modify(file);
    await delay(CHECK_INTERVAL_MS);
    assertEquals(await serve(1), content.slice(BLOCK_LENGTH, 2 * BLOCK_LENGTH));
    await assertChanged(() => serve(4));
  }));

Deno.test("a file that was replaced is not shared on by its open handle", () =>
  withServed(async ({ file, serve }) => {
    await serve(0);
    await modify(`${file}.new`);
    await Deno.rename(`${file}.new`, file);
    await delay(CHECK_INTERVAL_MS);
    await assertChanged(() => serve(4));
  }));
