/**
 * A torrent's content in memory: for tests, and for scripts that have no
 * permission to touch a file.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import type { ByteRange, Storage } from "./storage.ts";

/** Content of a fixed length, all zeros or given. */
export class MemoryStorage implements Storage {
  readonly #content: Uint8Array;
  readonly #isPresent: boolean;
  #hasWrites = false;

  /**
   * Content that is there, or room for it.
   * @param content How many bytes of zeros to hold, none of them present yet;
   * or the content itself, used in place, all of it present.
   */
  constructor(content: number | Uint8Array) {
    this.#isPresent = typeof content !== "number";
    this.#content = typeof content === "number"
      ? new Uint8Array(content)
      : content;
  }

  /** The whole content, a view that follows later writes. */
  get content(): Uint8Array {
    return this.#content;
  }

  /** Fills `into` with the content from `offsetInTorrent`. */
  read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    return this.#within("read", offsetInTorrent, into.length, (part) => {
      into.set(part);
    });
  }

  /** Stores a copy of `bytes`. */
  write(offsetInTorrent: number, bytes: Uint8Array): Promise<void> {
    return this.#within("write", offsetInTorrent, bytes.length, (part) => {
      part.set(bytes);
      this.#hasWrites = true;
    });
  }

  /** Everything, once anything was given or written. */
  presentRanges(): Promise<readonly ByteRange[]> {
    const length = this.#content.length;
    const isWorthReading = (this.#isPresent || this.#hasWrites) && length > 0;
    return Promise.resolve(
      isWorthReading ? [{ offsetInTorrent: 0, length }] : [],
    );
  }

  /** There is nothing to close. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #within(
    action: string,
    offsetInTorrent: number,
    length: number,
    task: (part: Uint8Array) => void,
  ): Promise<void> {
    const end = offsetInTorrent + length;
    if (offsetInTorrent < 0 || end > this.#content.length) {
      return Promise.reject(
        new StorageError(
          `Cannot ${action} bytes ${offsetInTorrent} to ${end}: ` +
            `the content has ${this.#content.length}`,
        ),
      );
    }
    task(this.#content.subarray(offsetInTorrent, end));
    return Promise.resolve();
  }
}
