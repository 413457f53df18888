/**
 * Torrents that exist by name alone, the same in every run.
 *
 * @module
 */
import { seededRandom } from "../../../lib/base/random.ts";

const IDENTIFIER_LENGTH = 20;

/** So many info hashes, in hex. */
export function sampleInfoHashes(count: number): string[] {
  const random = seededRandom(count);
  return Array.from(
    { length: count },
    () =>
      Array.from(
        { length: IDENTIFIER_LENGTH },
        () => Math.floor(random() * 256).toString(16).padStart(2, "0"),
      ).join(""),
  );
}

/** Writes them into a file, one a line. */
export async function writeInfoHashes(
  path: string,
  infoHashes: readonly string[],
): Promise<void> {
  const lines = infoHashes.map((infoHash) => `${infoHash}\n`);
  await Deno.writeTextFile(path, lines.join(""));
}
