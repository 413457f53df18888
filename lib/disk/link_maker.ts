/**
 * Makes the symbolic links of a torrent below its folder. Invariants: nothing that is
 * there is replaced, and no link is followed on the way to a new one. Where the system
 * makes no links, a hard link or a copy of the file stands in their place.
 *
 * @module
 */
import { SEPARATOR } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { linkText } from "../metainfo/link_rules.ts";
import type { TorrentFile } from "../metainfo/torrent.ts";
import { ifAny, stampOf } from "../files/file_system.ts";
import type { GuardedFolder } from "../files/guarded_folder.ts";
import type { GuardedPaths } from "../files/guarded_paths.ts";
import { NameTakenError, takeBack } from "../files/links.ts";
import { publishCopy } from "../files/publish_file.ts";
import { isRefusal } from "../files/storage_failure.ts";

/** A link of a torrent. */
export interface TorrentLink {
  readonly path: readonly string[];
  readonly linkTarget: readonly string[];
  /** The complete file that it leads to; `undefined` for a folder. */
  readonly file: TorrentFile | undefined;
}

/** The outcome for one link. */
export type LinkOutcome =
  /** It is there now, or something that stands for it. */
  | { readonly type: "right" }
  /** A hard link or a copy was made in its place. */
  | { readonly type: "replaced" }
  /** Something else is there, and stays. */
  | { readonly type: "taken" }
  /** Nothing could be made. */
  | { readonly type: "failed"; readonly reason: string };

/** Makes links below one folder. */
export class LinkMaker {
  readonly #folder: GuardedFolder;
  #copyableLength: number;

  /** @param maxCopiedLength Bytes that copies in the place of links may take. */
  constructor(folder: GuardedFolder, maxCopiedLength: number) {
    this.#folder = folder;
    this.#copyableLength = maxCopiedLength;
  }

  /** Makes a link, if nothing is in its place. */
  async make(link: TorrentLink): Promise<LinkOutcome> {
    try {
      const folder = this.#folder;
      // Content may be seeded through a link in the place of its folder.
      const place = folder.pathOf(link.path);
      const info = await ifAny(folder.fileSystem.lstat(place));
      if (info !== undefined) {
        const isRight = standsFor(link, info) ??
          await leadsThere(link, folder);
        return { type: isRight ? "right" : "taken" };
      }
      await folder.makeFolders(link.path);
      return await this.#link(link);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { type: "failed", reason: error.message };
    }
  }

  async #link(link: TorrentLink): Promise<LinkOutcome> {
    const { path, linkTarget, file } = link;
    const place = this.#folder.pathOf(path);
    const text = linkText(path, linkTarget).replaceAll("/", SEPARATOR);
    const type = file === undefined ? "dir" : "file";
    try {
      await this.#folder.fileSystem.call(
        () => Deno.symlinkSync(text, place, { type }),
        () => Deno.symlink(text, place, { type }),
      );
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return { type: "taken" };
      if (!isRefusal(error)) throw error;
      if (file === undefined) return { type: "failed", reason: error.message };
      return await this.#replace(link, file);
    }
    // Deno makes links by path alone: a link may have replaced a folder meanwhile.
    try {
      await this.#requireFolders(path);
    } catch (error) {
      // Unless the folder is back.
      if (await Deno.readLink(place).catch(() => undefined) === text) {
        await Deno.remove(place);
      }
      throw error;
    }
    return { type: "right" };
  }

  /** @throws {StorageError} If a link stands in the place of a folder of a path. */
  async #requireFolders(path: readonly string[]): Promise<void> {
    const above = path.slice(0, -1);
    if (await this.#folder.hasFolder(above)) return;
    const folder = this.#folder.pathOf(above);
    throw new StorageError(`Cannot use ${folder}: it was replaced; run again`);
  }

  /** A hard link in the place of a symbolic one, or else a copy. */
  async #replace(
    { path }: TorrentLink,
    file: TorrentFile,
  ): Promise<LinkOutcome> {
    const folder = this.#folder;
    const [place, filePath] = [folder.pathOf(path), folder.pathOf(file.path)];
    const refusal = await Deno.link(filePath, place)
      .then(() => undefined, (error) => error);
    if (refusal instanceof Deno.errors.AlreadyExists) return { type: "taken" };
    if (refusal === undefined) {
      await this.#requireFolders(path).catch(async (error) => {
        await folder.exists();
        const stamp = stampOf(await folder.fileSystem.lstat(filePath));
        await takeBack({ path: place, stamp }, folder.home);
        throw error;
      });
      return { type: "replaced" };
    }
    if (file.length > this.#copyableLength) {
      const reason = "copies would take more space than the content";
      return { type: "failed", reason };
    }
    this.#copyableLength -= file.length;
    try {
      await publishCopy(folder, { from: file.path, to: path });
      return { type: "replaced" };
    } catch (error) {
      if (error instanceof NameTakenError) return { type: "taken" };
      throw error;
    }
  }
}

/**
 * True if what is in the place of a link may replace it: a hard link or copy, to judge
 * by its size; `undefined` if it is a link.
 */
function standsFor(
  { file }: TorrentLink,
  info: Deno.FileInfo,
): boolean | undefined {
  if (info.isSymlink) return undefined;
  return info.isDirectory
    ? file === undefined
    : info.isFile && info.size === file?.length;
}

/** True if the link in a torrent link's place leads to its target. */
export async function leadsThere(
  { path, linkTarget }: Pick<TorrentLink, "path" | "linkTarget">,
  paths: GuardedPaths,
): Promise<boolean> {
  const place = paths.pathOf(path);
  const text = await paths.fileSystem.readLink(place);
  if (text.replaceAll(SEPARATOR, "/") === linkText(path, linkTarget)) {
    return true;
  }
  // Written in another way, as `./a`, or through another link.
  const [real, target] = await Promise.allSettled([
    Deno.realPath(place),
    Deno.realPath(paths.pathOf(linkTarget)),
  ]);
  return real.status === "fulfilled" && target.status === "fulfilled" &&
    real.value === target.value;
}
