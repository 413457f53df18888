import { assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";
import { FdPressure } from "../../../lib/base/fd_pressure.ts";
import { FilePool } from "../../../lib/disk/file_pool.ts";

/** A system with a limit of file descriptors. */
class FewDescriptors {
  /** Files that are open, by number. */
  readonly open = new Set<number>();
  most: number;
  /** Most files that were open at once. */
  peak = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Opens a file of no content. @throws {StorageError} If there are too many. */
  openFile(fileIndex: number): Promise<Deno.FsFile> {
    if (this.open.size >= this.most) {
      const cause = Object.assign(new Error("too many"), { code: "EMFILE" });
      throw new StorageError("Cannot open: too many files", { cause });
    }
    this.open.add(fileIndex);
    this.peak = Math.max(this.peak, this.open.size);
    const close = (): boolean => this.open.delete(fileIndex);
    return Promise.resolve({ close } as unknown as Deno.FsFile);
  }
}

function poolOf(descriptors: FewDescriptors, maxOpenFiles: number): FilePool {
  return new FilePool(
    (fileIndex) =>
      Promise.resolve().then(() => descriptors.openFile(fileIndex)),
    maxOpenFiles,
  );
}

Deno.test("FilePool makes do with the file descriptors that exist", async () => {
  const descriptors = new FewDescriptors(5);
  await using pool = poolOf(descriptors, 64);
  const used: number[] = [];
  for (let fileIndex = 0; fileIndex < 30; fileIndex++) {
    await pool.use(fileIndex, "read", () => {
      used.push(fileIndex);
      return Promise.resolve();
    });
  }
  assertEquals(used.length, 30);
  assertEquals(descriptors.peak, 5);
  // Half of those that it had: the rest is for other files and sockets.
  assertEquals(descriptors.open.size, 2);
});

Deno.test("FilePool lets tasks wait for each other if descriptors are short", async () => {
  const descriptors = new FewDescriptors(2);
  await using pool = poolOf(descriptors, 64);
  const numbers = Array.from({ length: 8 }, (_, index) => index);
  const done = await Promise.all(
    numbers.map((fileIndex) =>
      pool.use(fileIndex, "read", () => Promise.resolve(fileIndex))
    ),
  );
  assertEquals(done, numbers);
});

Deno.test("FilePool does not wait for descriptors once it is closed", async () => {
  const descriptors = new FewDescriptors(0);
  const pool = poolOf(descriptors, 64);
  const refused = assertRejects(
    () => pool.use(0, "read", () => Promise.resolve()),
    StorageError,
    "too many files",
  );
  await pool[Symbol.asyncDispose]();
  await refused;
});

Deno.test("FilePool closes all files for a task, and opens them anew for those that wait", async () => {
  const descriptors = new FewDescriptors(9);
  await using pool = poolOf(descriptors, 64);
  const log: string[] = [];
  const use = (fileIndex: number, name: string): Promise<void> =>
    pool.use(fileIndex, "read", async () => {
      await Promise.resolve();
      log.push(`${name} ${fileIndex}`);
    });
  const before = [use(0, "before"), use(1, "before")];
  const task = pool.whileClosed(async () => {
    log.push(`open: ${descriptors.open.size}`);
    await Promise.resolve();
    log.push("over");
  });
  const after = [use(0, "after"), use(2, "after")];
  await Promise.all([...before, task, ...after]);
  assertEquals(log.slice(0, 4).sort(), [
    ...["before 0", "before 1", "open: 0", "over"],
  ]);
  assertEquals(log.slice(4).sort(), ["after 0", "after 2"]);
  assertEquals(descriptors.open.size, 2);
});

Deno.test("FilePool closes new files when descriptors are short, and when it is closed", async () => {
  const descriptors = new FewDescriptors(64);
  const fdPressure = new FdPressure();
  {
    await using pool = new FilePool(
      async (fileIndex) => await descriptors.openFile(fileIndex),
      8,
      fdPressure,
    );
    const shortage = Object.assign(new Error("too many"), { code: "EMFILE" });
    for (let fileIndex = 0; fileIndex < 60; fileIndex++) {
      pool.addNew(fileIndex, await descriptors.openFile(fileIndex));
    }
    assertEquals(descriptors.open.size, 48);
    fdPressure.relieve(shortage, 0);
    assertEquals(descriptors.open.size, 24);
    // The first ones, which are used as they are.
    descriptors.most = 0;
    await pool.use(0, "write", (file) => Promise.resolve(file.close()));
    descriptors.most = 64;
    // No more than that again.
    pool.addNew(60, await descriptors.openFile(60));
    pool.addNew(61, await descriptors.openFile(61));
    assertEquals(descriptors.open.size, 24);
  }
  assertEquals(descriptors.open.size, 0);
});
