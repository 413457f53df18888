/**
 * Decides which symbolic links of a torrent may be made. [BEP 47] Each leads to a file
 * or folder of the same torrent, not through another link, and to no folder above it:
 * a program that follows links stays in the torrent's folder. Two folders may lead into
 * each other (`A/l -> B`, `B/m -> A`), as the packages of one repository do: nothing
 * here walks into links.
 *
 * @module
 */
import { isRegularFile, type TorrentFile } from "./torrent.ts";

/** The kind of thing at a path of a torrent. */
type PathKind = "file" | "folder" | "link" | "padding";

/** The kinds of all paths of a torrent, for the targets of its links. */
export class LinkRules {
  /** No component contains a slash, so that joined paths are unambiguous. */
  readonly #kinds = new Map<string, PathKind>();

  /**
   * Notes the paths.
   * @param files All of a torrent's, whose paths are safe and do not collide.
   */
  constructor(files: readonly TorrentFile[]) {
    for (const file of files) {
      const path = file.path.join("/");
      if (file.isPadding) {
        // It is never stored, and its path may be that of a file.
        if (!this.#kinds.has(path)) this.#kinds.set(path, "padding");
        continue;
      }
      this.#kinds.set(path, isRegularFile(file) ? "file" : "link");
      for (let depth = file.path.length - 1; depth > 0; depth--) {
        const folder = file.path.slice(0, depth).join("/");
        if (this.#kinds.get(folder) === "folder") break;
        this.#kinds.set(folder, "folder");
      }
    }
  }

  /** The reason that a link may not be made; `undefined` if it may. */
  findFault(
    path: readonly string[],
    target: readonly string[],
  ): string | undefined {
    const kind = this.#kinds.get(target.join("/"));
    switch (kind) {
      case "file":
        return undefined;
      case "folder": {
        const isAbove = target.every((name, at) => name === path[at]);
        return isAbove ? "leads to a folder that the link lies in" : undefined;
      }
      case "link":
        return "leads to another link";
      case "padding":
        return "leads to padding";
      case undefined:
        return "leads to nothing in the torrent";
      default:
        return kind satisfies never;
    }
  }
}

/**
 * The text of a link, relative to its own folder: `../blobs/a`.
 * @param path Of the link; both are below the same folder.
 */
export function linkText(
  path: readonly string[],
  target: readonly string[],
): string {
  const folder = path.slice(0, -1);
  let common = 0;
  while (common < folder.length && folder[common] === target[common]) common++;
  return [...folder.slice(common).map(() => ".."), ...target.slice(common)]
    .join("/");
}
