/**
 * The file system as a storage calls it. While the disk answers as fast as memory,
 * which is the rule as long as the system's cache holds what is asked for, a call
 * is made at once: handing it to another thread and back costs as much as reading
 * or writing 256 KiB, and ten times what opening a file does. As soon as one takes
 * longer, the next ones are handed over, so that a slow disk holds nothing up.
 *
 * @module
 */

/** What a call may take on the thread that serves the network, in milliseconds. */
const PATIENCE_MS = 4;
/** So many calls after a slow one leave the thread; then one is tried again. */
const SLOW_RUN = 64;

/** Calls the file system, each call at once or beside the thread's other work. */
export class Disk {
  /** Calls still to be handed over. */
  #slowLeft = 0;

  lstat(path: string): Promise<Deno.FileInfo> {
    return this.#call(() => Deno.lstatSync(path), () => Deno.lstat(path));
  }

  open(path: string, options: Deno.OpenOptions): Promise<Deno.FsFile> {
    return this.#call(
      () => Deno.openSync(path, options),
      () => Deno.open(path, options),
    );
  }

  mkdir(path: string, options?: Deno.MkdirOptions): Promise<void> {
    return this.#call(
      () => Deno.mkdirSync(path, options),
      () => Deno.mkdir(path, options),
    );
  }

  stat(file: Deno.FsFile): Promise<Deno.FileInfo> {
    return this.#call(() => file.statSync(), () => file.stat());
  }

  /*
   * Deno has no positional read or write, hence the seeks, which are safe because
   * the pool runs one task a file at a time.
   */

  /** Fills `into`. @throws {Error} If the file ends before that. */
  async read(
    file: Deno.FsFile,
    offsetInFile: number,
    into: Uint8Array,
  ): Promise<void> {
    file.seekSync(offsetInFile, Deno.SeekMode.Start);
    for (let done = 0; done < into.length;) {
      const rest = into.subarray(done);
      const count = await this.#call(
        () => file.readSync(rest),
        () => file.read(rest),
      );
      if (count === null) {
        throw new Error(`it ends after ${offsetInFile + done} bytes`);
      }
      done += count;
    }
  }

  /** Writes all of `bytes`. */
  async write(
    file: Deno.FsFile,
    offsetInFile: number,
    bytes: Uint8Array,
  ): Promise<void> {
    file.seekSync(offsetInFile, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const rest = bytes.subarray(done);
      done += await this.#call(
        () => file.writeSync(rest),
        () => file.write(rest),
      );
    }
  }

  async #call<T>(now: () => T, later: () => Promise<T>): Promise<T> {
    if (this.#slowLeft > 0) {
      this.#slowLeft--;
      return await later();
    }
    const startMs = performance.now();
    try {
      return now();
    } finally {
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs > PATIENCE_MS) this.#slowLeft = SLOW_RUN;
    }
  }
}
