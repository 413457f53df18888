/**
 * The folder of a torrent that gets its name in one step: until all of it is complete,
 * it is `.lanswarm/staged/INFO_HASH/NAME` beside its place. A torrent of one file is
 * never staged: its file has its name only when all of it is complete.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { ifAny, isSameFile, stampOf } from "../files/file_system.ts";
import { GuardedFolder } from "../files/guarded_folder.ts";
import { NameTakenError } from "../files/links.ts";
import { OWN_FOLDER } from "./own_folder.ts";
import { storageFailure } from "../files/storage_failure.ts";

/** The folder that holds the staged one of a torrent, below a download folder. */
export function stagingFolder(
  { infoHash }: Pick<Torrent, "infoHash">,
): string[] {
  return [OWN_FOLDER, "staged", infoHash];
}

/**
 * Finds the place of a torrent's folder. A folder that was staged before, and no longer
 * should be, gets its name if the name is free.
 * @throws {StorageError} If the system refuses.
 */
export async function openStagedTree(
  torrent: Torrent,
  { dir, isAtomic }: { readonly dir: string; readonly isAtomic: boolean },
): Promise<StagedTree> {
  const folder = new GuardedFolder(dir);
  const tree = new StagedTree(torrent, folder);
  const wasStaged = await folder.hasFolder(stagingFolder(torrent));
  if (!isAtomic && !wasStaged) return tree;
  tree.isTaken = await tree.hasName();
  if (tree.isTaken || !torrent.isFolder) return tree;
  tree.stage();
  if (!isAtomic) await tree.reveal();
  return tree;
}

/** A torrent's folder, below a download folder. */
export class StagedTree {
  /** The torrent; once it was staged, with the paths of its files as they are now. */
  torrent: Torrent;
  /** True if something had the name already. */
  isTaken = false;
  /** True if the folder does not have its name yet. */
  isStaged = false;
  readonly #original: Torrent;
  readonly #files: TorrentFile[] = [];
  readonly #folder: GuardedFolder;

  constructor(torrent: Torrent, folder: GuardedFolder) {
    this.#original = torrent;
    this.torrent = torrent;
    this.#folder = folder;
  }

  /** True if something has the name of the folder. */
  async hasName(): Promise<boolean> {
    const path = this.#folder.pathOf(this.#name);
    try {
      return await ifAny(Deno.lstat(path)) !== undefined;
    } catch (error) {
      throw storageFailure("use", path, error);
    }
  }

  /** From now on the files are in the staged folder. */
  stage(): void {
    this.isStaged = true;
    this.#moveFiles(stagingFolder(this.#original));
    this.torrent = { ...this.#original, files: this.#files };
  }

  /**
   * Gives the staged folder its name; called while none of its files is open.
   * @param onMoved Called at once when the files have other paths.
   * @throws {StorageError} If something else has the name, or the system refuses.
   */
  async reveal(onMoved?: () => void): Promise<void> {
    const above = stagingFolder(this.#original);
    const staged = [...above, ...this.#name];
    const from = this.#folder.pathOf(staged);
    const to = this.#folder.pathOf(this.#name);
    try {
      if (await this.#folder.hasFolder(staged)) {
        // A rename replaces an empty folder, and nothing else.
        if (await this.hasName()) throw new NameTakenError(to);
        rename(from, to);
      }
      this.isStaged = false;
      this.#moveFiles([]);
      onMoved?.();
    } catch (error) {
      throw storageFailure("store", to, error);
    }
    // Harmless if the folder stays: it is empty.
    await Deno.remove(this.#folder.pathOf(above)).catch(() => {});
    await Deno.remove(this.#folder.pathOf(above.slice(0, -1))).catch(() => {});
  }

  get #name(): string[] {
    return this.#original.files[0]!.path.slice(0, 1);
  }

  #moveFiles(above: readonly string[]): void {
    for (const [index, file] of this.#original.files.entries()) {
      const { path, linkTarget } = file;
      this.#files[index] = {
        ...{ ...file, path: [...above, ...path] },
        ...linkTarget && { linkTarget: [...above, ...linkTarget] },
      };
    }
  }
}

/** Renames a folder, or takes that back if another user exchanged it meanwhile. */
function rename(from: string, to: string): void {
  const own = stampOf(Deno.lstatSync(from));
  Deno.renameSync(from, to);
  if (isSameFile(own, stampOf(Deno.lstatSync(to)))) return;
  Deno.renameSync(to, from);
  throw new StorageError(`Cannot use ${from}: it was replaced; run again`);
}
