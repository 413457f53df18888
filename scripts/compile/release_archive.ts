/**
 * The archive of a release for one target: its name and its content. Equal files give
 * equal bytes, at any time and on any machine.
 */
import { zipSync } from "fflate";
import { packTar } from "modern-tar";
import { sha256 } from "../programs/sample_file.ts";
import {
  CHECKSUMS_FILE_NAME,
  formatChecksums,
  isWindows,
  type Target,
} from "./targets.ts";

export interface ArchiveEntry {
  /** Path in the archive, with slashes. */
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** @default {false} */
  readonly isExecutable?: boolean;
}

async function packTarGz(
  entries: readonly ArchiveEntry[],
): Promise<Uint8Array<ArrayBuffer>> {
  const tar = await packTar(
    entries.map(({ path, content, isExecutable = false }) => ({
      header: {
        name: path,
        size: content.length,
        mode: isExecutable ? 0o755 : 0o644,
        mtime: new Date(0),
      },
      body: content,
    })),
  );
  const compressed = new Blob([tar]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

function packZip(
  entries: readonly ArchiveEntry[],
): Uint8Array<ArrayBuffer> {
  // Zip files have local time and no year before 1980.
  const mtime = new Date(1980, 0, 1);
  return zipSync(Object.fromEntries(
    entries.map(({ path, content }) => [path, [content, { mtime }]]),
  ));
}

export interface Release {
  readonly version: string;
  readonly target: Target;
}

/** Name of the folder in the archive: `lanswarm-0.1.0-x86_64-pc-windows-msvc`. */
function releaseFolder({ version, target }: Release): string {
  return `lanswarm-${version}-${target}`;
}

/** Name of the archive: `.zip` for Windows, `.tar.gz` for other systems. */
export function archiveFileName(release: Release): string {
  const extension = isWindows(release.target) ? ".zip" : ".tar.gz";
  return releaseFolder(release) + extension;
}

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
