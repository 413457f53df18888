/**
 * Positional reads and writes of an open file. Deno has none, hence the seek,
 * which is safe because the pool runs one task a file at a time.
 *
 * While the disk answers as fast as memory, which is the rule as long as the
 * system's cache holds the content, an access is done at once; handing it to
 * another thread and back costs as much as the copy itself. As soon as one takes
 * longer, the next ones are handed over, so that a slow disk holds nothing up.
 *
 * @module
 */

/** What an access may take on the thread that serves the network, in milliseconds. */
const PATIENCE_MS = 4;
/** So many accesses after a slow one leave the thread; then one is tried again. */
const SLOW_RUN = 64;

/** How a storage reaches its files. */
export class FileAccess {
  /** Accesses still to be handed over. */
  #slowLeft = 0;

  /** Fills `into`. @throws {Error} If the file ends before that. */
  async read(
    file: Deno.FsFile,
    offsetInFile: number,
    into: Uint8Array,
  ): Promise<void> {
    const isQuick = this.#begin(file, offsetInFile);
    const startMs = performance.now();
    for (let done = 0; done < into.length;) {
      const rest = into.subarray(done);
      const count = isQuick ? file.readSync(rest) : await file.read(rest);
      if (count === null) {
        throw new Error(`it ends after ${offsetInFile + done} bytes`);
      }
      done += count;
    }
    if (isQuick) this.#judge(performance.now() - startMs);
  }

  /** Writes all of `bytes`. */
  async write(
    file: Deno.FsFile,
    offsetInFile: number,
    bytes: Uint8Array,
  ): Promise<void> {
    const isQuick = this.#begin(file, offsetInFile);
    const startMs = performance.now();
    for (let done = 0; done < bytes.length;) {
      const rest = bytes.subarray(done);
      done += isQuick ? file.writeSync(rest) : await file.write(rest);
    }
    if (isQuick) this.#judge(performance.now() - startMs);
  }

  #begin(file: Deno.FsFile, offsetInFile: number): boolean {
    file.seekSync(offsetInFile, Deno.SeekMode.Start);
    if (this.#slowLeft === 0) return true;
    this.#slowLeft--;
    return false;
  }

  #judge(elapsedMs: number): void {
    if (elapsedMs > PATIENCE_MS) this.#slowLeft = SLOW_RUN;
  }
}
