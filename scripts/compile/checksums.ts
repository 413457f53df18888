/**
 * SHA-256 checksums, and lists of them as `sha256sum -c` and `shasum -a 256 -c`
 * read them.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";

/** Name of the list, which lies beside the files that it names. */
export const CHECKSUMS_FILE_NAME = "SHA256SUMS";

/** A file name, relative to the list, and the SHA-256 of the file in hex. */
export interface Checksum {
  readonly fileName: string;
  readonly sha256: string;
}

/** The list, sorted by name. */
export function formatChecksums(checksums: Iterable<Checksum>): string {
  return [...checksums]
    .sort((one, other) => one.fileName < other.fileName ? -1 : 1)
    .map(({ fileName, sha256 }) => `${sha256}  ${fileName}\n`)
    .join("");
}

/** The SHA-256 of bytes, in hex. */
export async function sha256(
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", content);
  return encodeHex(new Uint8Array(digest));
}
