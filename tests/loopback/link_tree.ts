/**
 * Folders with symbolic links, for tests.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import type { Torrent } from "../../mod.ts";

/** A test of links, on systems that make them. */
export function linkTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: Deno.build.os === "windows", fn });
}

/** Makes files of a few bytes, and links (`path -> text`), below a folder. */
export async function makeTree(
  dir: string,
  ...entries: string[]
): Promise<void> {
  for (const entry of entries) {
    const [path, text] = entry.split(" -> ");
    const place = join(dir, path!);
    await Deno.mkdir(dirname(place), { recursive: true });
    if (text === undefined) await Deno.writeTextFile(place, path!);
    else await Deno.symlink(text, place);
  }
}

/** The entries of a torrent: `path`, or `path -> target` for a link. */
export function contents({ files }: Torrent): string[] {
  return files.map(({ path, linkTarget }) => {
    const own = path.slice(1).join("/");
    return linkTarget ? `${own} -> ${linkTarget.slice(1).join("/")}` : own;
  });
}
