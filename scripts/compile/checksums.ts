/**
 * `SHA256SUMS`: a list of files as `sha256sum -c` and `shasum -a 256 -c` read it.
 * Pure.
 *
 * @module
 */

/** The name of the list, beside the files that it names. */
export const CHECKSUMS_FILE_NAME = "SHA256SUMS";

/** A file's name, relative to the list, and its SHA-256 in hex. */
export interface Checksum {
  readonly fileName: string;
  readonly sha256: string;
}

/** The list, by name. */
export function formatChecksums(checksums: Iterable<Checksum>): string {
  return [...checksums]
    .sort((one, other) => one.fileName < other.fileName ? -1 : 1)
    .map(({ fileName, sha256 }) => `${sha256}  ${fileName}\n`)
    .join("");
}
