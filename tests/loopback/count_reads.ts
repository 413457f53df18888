/**
 * Counts what a test reads from files.
 */

/** Counts the bytes that are read until it is disposed of. */
export function countReads(): Disposable & { readonly length: number } {
  const { read, readSync } = Deno.FsFile.prototype;
  let length = 0;
  Object.assign(Deno.FsFile.prototype, {
    async read(this: Deno.FsFile, into: Uint8Array): Promise<number | null> {
      const count = await read.call(this, into);
      length += count ?? 0;
      return count;
    },
    readSync(this: Deno.FsFile, into: Uint8Array): number | null {
      const count = readSync.call(this, into);
      length += count ?? 0;
      return count;
    },
  });
  return {
    get length() {
      return length;
    },
    [Symbol.dispose](): void {
      Object.assign(Deno.FsFile.prototype, { read, readSync });
    },
  };
}
