/**
 * Packs archives of files in memory. Equal files give equal bytes, at any time and on
 * any machine.
 *
 * @module
 */
import { zipSync } from "fflate";
import { packTar } from "modern-tar";

/** A file to put into an archive. */
export interface ArchiveEntry {
  /** Path in the archive, with slashes. */
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** @default {false} */
  readonly isExecutable?: boolean;
}

/** Packs a `.tar.gz`, which keeps executables executable. */
export async function packTarGz(
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

/** Packs a `.zip`. */
export function packZip(
  entries: readonly ArchiveEntry[],
): Uint8Array<ArrayBuffer> {
  // Zip files have local time and no year before 1980.
  const mtime = new Date(1980, 0, 1);
  return zipSync(Object.fromEntries(
    entries.map(({ path, content }) => [path, [content, { mtime }]]),
  ));
}
