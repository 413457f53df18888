/**
 * The files of a source read one after another as one run of bytes, one file
 * open at a time. A file must be as long as it was when it was scanned.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { type Source, sourceFailure } from "./source.ts";

/** Reads a source once, from its beginning. */
export class SourceReader implements Disposable {
  readonly #source: Source;
  #fileIndex = 0;
  #file: Deno.FsFile | undefined;
  /** Bytes of the current file that are still to come. */
  #bytesLeft = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * Fills `into` from where the last call ended; fewer bytes only at the end of
   * the source. Returns how many.
   * @throws {StorageError} If a file cannot be read or is not as long as it was.
   */
  async read(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#file === undefined && !await this.#openNext()) break;
      filled += await this.#readCurrent(into.subarray(filled));
    }
    return filled;
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** False after the last file. */
  async #openNext(): Promise<boolean> {
    const file = this.#source.files[this.#fileIndex];
    if (file === undefined) return false;
    try {
      this.#file = await Deno.open(file.diskPath);
    } catch (error) {
      throw sourceFailure(file.diskPath, error);
    }
    this.#bytesLeft = file.length;
    return true;
  }

  /** Reads on in the open file and closes it at its end. */
  async #readCurrent(into: Uint8Array): Promise<number> {
    const { diskPath, length } = this.#source.files[this.#fileIndex]!;
    const wanted = into.subarray(0, Math.min(into.length, this.#bytesLeft));
    let count: number | null = 0;
    try {
      if (wanted.length > 0) count = await this.#file!.read(wanted);
    } catch (error) {
      throw sourceFailure(diskPath, error);
    }
    if (count === null) {
      throw new StorageError(
        `Cannot read ${diskPath}: it ends before its ${length} bytes; wait until nothing changes it and run again`,
      );
    }
    this.#bytesLeft -= count;
    if (this.#bytesLeft === 0) {
      this.#file!.close();
      this.#file = undefined;
      this.#fileIndex++;
    }
    return count;
  }
}
