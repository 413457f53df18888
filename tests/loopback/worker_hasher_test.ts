/**
 * Hashing on worker threads: of pieces in memory, and of files that the workers
 * read themselves.
 */
import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  createTorrent,
  openFileStorage,
  openWorkerHasher,
  type PieceHasher,
  sha1,
  StorageError,
  verifyStorage,
  type WorkerHasher,
} from "../../lib/mod.ts";
import { runCommand } from "../../scripts/programs/running_program.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const MIB = 1024 * 1024;
const PIECE_LENGTH = MIB;
const ANNOUNCE = ["http://127.0.0.1:8000/announce"];

/** Hashes eight pieces at a time until `length` bytes are hashed; how often a buffer went to another thread. */
async function hashPieces(
  hasher: PieceHasher,
  length: number,
): Promise<number> {
  const content = makeContent("piece", PIECE_LENGTH);
  const expected = sha1(content);
  let hashedLength = 0;
  let transferCount = 0;

  async function hashOn(): Promise<void> {
    let bytes = content.slice();
    while (hashedLength < length) {
      hashedLength += bytes.length;
      const hashing = hasher.hash(bytes);
      if (bytes.buffer.detached) transferCount++;
      const hashed = await hashing;
      assertEquals(hashed.hash, expected);
      bytes = hashed.bytes;
      await delay(0);
    }
    assertEquals(bytes, content);
  }

  await Promise.all(Array.from({ length: 8 }, hashOn));
  return transferCount;
}

/** Returns once a worker has started, however long that takes. */
async function startWorkers(hasher: WorkerHasher): Promise<void> {
  while (await hashPieces(hasher, 16 * MIB) === 0) await delay(10);
}

Deno.test("openWorkerHasher() hashes little on the calling thread", async () => {
  using hasher = openWorkerHasher();
  assertEquals(await hashPieces(hasher, 8 * MIB), 0);
});

Deno.test("openWorkerHasher() passes pieces to workers when there is much to hash", async () => {
  using hasher = openWorkerHasher();
  await startWorkers(hasher);
  assertGreater(await hashPieces(hasher, 32 * MIB), 16);
});

Deno.test("openWorkerHasher() starts no workers where none are allowed", async () => {
  using hasher = openWorkerHasher({ maxWorkers: 0 });
  assertEquals(await hashPieces(hasher, 64 * MIB), 0);
  assertEquals(hasher.isReady, false);
});

/** A folder of files whose pieces cross them, some empty, one sparse, one long. */
async function makeSource(folder: string): Promise<string> {
  const source = join(folder, "source");
  await Deno.mkdir(join(source, "sub"), { recursive: true });
  for (const [name, length] of [["a", 5], ["b", 0], ["sub/c", 3 * MIB + 7]]) {
    const content = makeContent(name as string, length as number);
    await Deno.writeFile(join(source, name as string), content);
  }
  await Deno.writeFile(join(source, "sparse"), new Uint8Array());
  await Deno.truncate(join(source, "sparse"), 9 * MIB + 1);
  return source;
}

Deno.test("createTorrent() and verifyStorage() give the same on workers as on the calling thread", async () => {
  await using folder = await temporaryFolder();
  const source = await makeSource(folder.path);
  using hasher = openWorkerHasher();
  await startWorkers(hasher);
  for (const pieceLength of [16_384, 262_144, 8 * MIB]) {
    const options = { announce: ANNOUNCE, pieceLength };
    const { torrent } = await createTorrent(source, options);
    const onWorkers = await createTorrent(source, { ...options, hasher });
    assertEquals(onWorkers.torrent, torrent);
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    assertEquals((await verifyStorage(storage, torrent)).isFull, true);
    const have = await verifyStorage(storage, torrent, { hasher });
    assertEquals(have.isFull, true);
  }
});

Deno.test("verifyStorage() on workers finds the piece with one wrong bit", async () => {
  await using folder = await temporaryFolder();
  const source = await makeSource(folder.path);
  using hasher = openWorkerHasher();
  await startWorkers(hasher);
  const { torrent } = await createTorrent(source, { announce: ANNOUNCE });
  const path = join(source, "sub", "c");
  const content = await Deno.readFile(path);
  content[MIB]! ^= 1;
  await Deno.writeFile(path, content);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  const { geometry } = torrent;
  const have = await verifyStorage(storage, torrent, { hasher });
  assertEquals(have.count, geometry.pieceCount - 1);
});

Deno.test({
  name: "verifyStorage() on workers follows no link and explains the refusal",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const source = await makeSource(folder.path);
    using hasher = openWorkerHasher();
    await startWorkers(hasher);
    const { torrent } = await createTorrent(source, { announce: ANNOUNCE });
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    const ranges = await storage.presentRanges();
    const path = join(source, "sub", "c");
    await Deno.rename(path, join(folder.path, "elsewhere"));
    await Deno.symlink(join(folder.path, "elsewhere"), path);
    // The link came after the files were found.
    const raced = {
      files: storage.files!,
      read: storage.read.bind(storage),
      write: storage.write.bind(storage),
      presentRanges: () => Promise.resolve(ranges),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    await assertRejects(
      () => verifyStorage(raced, torrent, { hasher }),
      StorageError,
      "it is a symbolic link",
    );
  },
});

Deno.test("createTorrent() on workers names a file that ends early, and what to do", async () => {
  await using folder = await temporaryFolder();
  const source = await makeSource(folder.path);
  const path = join(source, "sub", "c");
  using hasher = openWorkerHasher();
  await startWorkers(hasher);
  const error = await assertRejects(
    () =>
      createTorrent(source, {
        announce: ANNOUNCE,
        hasher,
        onPaths: () => Deno.truncateSync(path, 100),
      }),
    StorageError,
  );
  assertEquals(
    error.message,
    `Cannot read ${path}: it ends after 100 bytes; wait until nothing changes it and run again`,
  );
});

Deno.test("createTorrent() goes on alone when its workers fail", async () => {
  await using folder = await temporaryFolder();
  const source = await makeSource(folder.path);
  const options = { announce: ANNOUNCE, pieceLength: 16_384 };
  const { torrent } = await createTorrent(source, options);
  for (const failed of ["before", "meanwhile"]) {
    using hasher = openWorkerHasher({ maxWorkers: 1 });
    await startWorkers(hasher);
    const [worker] = hasher.workersFor(0);
    const fail = () =>
      worker!.request({ buffer: new ArrayBuffer(1), length: 2 });
    const failures: unknown[] = [];
    if (failed === "before") assertEquals(await fail(), {});
    const created = await createTorrent(source, {
      ...options,
      hasher,
      onProgress: () => failures.push(fail()),
    });
    for (const answer of failures) assertEquals(await answer, {});
    assertEquals(created.torrent, torrent);
    assertEquals(hasher.isReady, false);
  }
});

Deno.test("createTorrent() on workers ends with its signal", async () => {
  await using folder = await temporaryFolder();
  const source = await makeSource(folder.path);
  using hasher = openWorkerHasher();
  await startWorkers(hasher);
  const aborting = new AbortController();
  await assertRejects(
    () =>
      createTorrent(source, {
        announce: ANNOUNCE,
        hasher,
        signal: aborting.signal,
        onProgress: () => aborting.abort(new Error("enough")),
      }),
    Error,
    "enough",
  );
});

/** Hashes 64 pieces while files hold every descriptor but `free`. */
function hashWithFew(free: number): string {
  const library = new URL("../../lib/mod.ts", import.meta.url).href;
  return `
    const { openWorkerHasher } = await import("${library}");
    // As every program: Deno has no descriptor left for it later.
    Deno.addSignalListener("SIGTERM", () => {});
    const files = [];
    try {
      for (;;) files.push(Deno.openSync("/dev/null"));
    } catch {
      for (const file of files.splice(0, ${free})) file.close();
    }
    using hasher = openWorkerHasher({ maxWorkers: 2 });
    for (let index = 0; index < 64; index++) {
      await hasher.hash(new Uint8Array(${PIECE_LENGTH}));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log("hashed");
    Deno.exit();`;
}

Deno.test({
  name: "a hasher starts no worker while descriptors are short",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const free of [0, 6]) {
      const { code, stdout, stderr } = await runCommand("sh", [
        ...["-c", 'ulimit -n 64; exec "$@"', "sh"],
        ...[Deno.execPath(), "eval", "--no-check", hashWithFew(free)],
      ]);
      assertEquals([code, stdout, stderr], [0, "hashed\n", ""]);
    }
  },
});
