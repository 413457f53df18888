/**
 * What a release of one target is: the archive's name and what lies in it. Pure.
 *
 * @module
 */
import { CHECKSUMS_FILE_NAME, formatChecksums } from "../compile/checksums.ts";
import { sha256 } from "../compile/sha256.ts";
import { isWindows, type Target } from "../compile/targets.ts";
import { type ArchiveEntry, packTarGz, packZip } from "./archive.ts";

/** What is released. */
export interface Release {
  readonly version: string;
  readonly target: Target;
}

/** `lanswarm-0.1.0-x86_64-pc-windows-msvc`: the folder that is packed. */
export function releaseFolder({ version, target }: Release): string {
  return `lanswarm-${version}-${target}`;
}

/** The folder's name with `.zip` for Windows and `.tar.gz` for the others. */
export function archiveFileName(release: Release): string {
  const extension = isWindows(release.target) ? ".zip" : ".tar.gz";
  return releaseFolder(release) + extension;
}

/**
 * Packs the files and the list of their checksums, in the release's folder.
 * @param files By name.
 */
export async function packRelease(
  release: Release,
  files: readonly ArchiveEntry[],
): Promise<Uint8Array<ArrayBuffer>> {
  const checksums = await Promise.all(files.map(async (file) => ({
    fileName: file.path,
    sha256: await sha256(file.content),
  })));
  const list: ArchiveEntry = {
    path: CHECKSUMS_FILE_NAME,
    content: Uint8Array.from(
      new TextEncoder().encode(formatChecksums(checksums)),
    ),
  };
  const entries = [...files, list].map((file) => ({
    ...file,
    path: `${releaseFolder(release)}/${file.path}`,
  }));
  return isWindows(release.target)
    ? packZip(entries)
    : await packTarGz(entries);
}
