/**
 * The archive of a release for one target: its name and its content.
 *
 * @module
 */
import {
  CHECKSUMS_FILE_NAME,
  formatChecksums,
  sha256,
} from "../compile/checksums.ts";
import { isWindows, type Target } from "../compile/targets.ts";
import { type ArchiveEntry, packTarGz, packZip } from "./archive.ts";

/** A release for one target. */
export interface Release {
  readonly version: string;
  readonly target: Target;
}

/** Name of the folder in the archive: `lanswarm-0.1.0-x86_64-pc-windows-msvc`. */
export function releaseFolder({ version, target }: Release): string {
  return `lanswarm-${version}-${target}`;
}

/** Name of the archive: `.zip` for Windows, `.tar.gz` for other systems. */
export function archiveFileName(release: Release): string {
  const extension = isWindows(release.target) ? ".zip" : ".tar.gz";
  return releaseFolder(release) + extension;
}

/**
 * Packs the files and a list of their checksums.
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
