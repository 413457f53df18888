/**
 * The places of a torrent's files on the disk. An incomplete file is a part, kept as
 * `.lanswarm/parts/INFO_HASH/INDEX` beside the content, on the same file system; a
 * complete file gets its final name. Invariant: no write goes to a final name. So a file
 * under its final name holds only verified content, or was made by another program; the
 * latter is moved among the parts before it is written.
 *
 * @module
 */
import { join } from "@std/path";
import type { Bitfield } from "../base/bitfield.ts";
import { StorageError } from "../base/errors.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { modeOf } from "../files/file_modes.ts";
import {
  type FileStamp,
  isModified,
  isSameFile,
  stampOf,
} from "../files/file_system.ts";
import type { GuardedFile, GuardedFolder } from "../files/guarded_folder.ts";
import type { KnownFolders } from "../files/guarded_paths.ts";
import {
  type OldFile,
  type PartOfOldFile,
  separatePart,
  takeOldFile,
  type TakeOutcome,
} from "./old_file.ts";
import { OWN_FOLDER } from "./own_folder.ts";
import { publishFiles } from "../files/publish_file.ts";
import { contentChanged } from "../files/storage_failure.ts";
import { isOnDisk, isZero } from "./storage.ts";
import { existingFolder, tryToWrite } from "../files/write_trial.ts";

/** The folder of a torrent's parts, below a download folder. */
export function partsFolder({ infoHash }: Pick<Torrent, "infoHash">): string[] {
  return [OWN_FOLDER, "parts", infoHash];
}

/** Final names and parts of one torrent. */
export class FilePlaces {
  readonly #files: readonly TorrentFile[];
  readonly #wanted: Bitfield;
  readonly #folder: GuardedFolder;
  readonly #partsFolder: readonly string[];
  /** The files that are parts, by index, with their stamps when they were opened. */
  readonly #parts = new Map<number, FileStamp | undefined>();
  /** Indexes of the parts that were made by their first write. */
  readonly #new = new Set<number>();
  /** Indexes of parts that are hard links: a write goes to a copy of the part. */
  readonly #linked = new Set<number>();
  /** Files that had their names when the content was verified, with their stamps then. */
  #named: ReadonlyMap<number, FileStamp | undefined> | undefined;

  constructor(
    torrent: Torrent,
    { wanted, folder }: { wanted: Bitfield; folder: GuardedFolder },
  ) {
    this.#files = torrent.files;
    this.#wanted = wanted;
    this.#folder = folder;
    this.#partsFolder = partsFolder(torrent);
  }

  /**
   * Finds the parts of an earlier download. If a file of the right length has the final
   * name as well, that file counts.
   * @throws {StorageError} If a file of another length has the final name, or if
   * something else stands in the place of the folder.
   */
  async find(): Promise<void> {
    const folder = this.#folder;
    if (!await folder.hasFolder(this.#partsFolder)) return;
    const folders: KnownFolders = new Map();
    const dir = folder.pathOf(this.#partsFolder);
    for (const { name } of await folder.fileSystem.readDir(dir)) {
      const index = Number(name);
      const file = /^\d+$/.test(name) ? this.#files[index] : undefined;
      if (file === undefined || !isOnDisk(file)) continue;
      const { path, length } = file;
      const part = this.#partOf(index);
      const named = await folder.findFile(path, "read", folders);
      const found = await folder.findFile(part, "name", folders);
      if (found === undefined) continue;
      const [stamp, own] = [named && stampOf(named.info), stampOf(found.info)];
      if (stamp?.inode && own.inode && isSameFile(stamp, own)) {
        // A kill interrupted the file's publication. Harmless if the disk is read-only.
        await Deno.remove(folder.pathOf(part)).catch(() => {});
        continue;
      }
      if (stamp?.size === length) continue;
      this.#parts.set(index, undefined);
      if ((found.info.nlink ?? 1) > 1) this.#linked.add(index);
      if (stamp === undefined || !this.isWanted(index)) continue;
      const [place, partPlace] = [path, part].map((it) => folder.pathOf(it));
      throw new StorageError(
        `Cannot use ${place}: it is not the torrent's file, a part of which is ` +
          `kept as ${partPlace}; move one of them away`,
      );
    }
  }

  /**
   * The stamps of files, by index, without opening them; `undefined` for a missing file.
   * Leaves out files that are never on the disk.
   * @throws {StorageError} If something else stands in a file's place.
   */
  async stamps(
    indexes: Iterable<number>,
  ): Promise<Map<number, FileStamp | undefined>> {
    const stored = [...indexes].filter((index) =>
      isOnDisk(this.#files[index]!)
    );
    const paths = stored.map((index) => this.pathOf(index));
    const stamps = await this.#folder.stamps(paths);
    return new Map(stored.map((index, at) => [index, stamps[at]]));
  }

  /** The path of a file as it is now, below the download folder. */
  pathOf(fileIndex: number): readonly string[] {
    return this.#parts.has(fileIndex)
      ? this.#partOf(fileIndex)
      : this.#files[fileIndex]!.path;
  }

  /** True if its first write made the part: the part holds nothing else. */
  isNew(fileIndex: number): boolean {
    return this.#new.has(fileIndex);
  }

  /** True if a file does not have its final name yet. */
  isPart(fileIndex: number): boolean {
    return this.#parts.has(fileIndex);
  }

  /**
   * Makes a part with all of a file's content, of which nothing was there when the
   * content was verified; `undefined` if it must be written like others.
   */
  async create(
    fileIndex: number,
    bytes: Uint8Array,
  ): Promise<Deno.FsFile | undefined> {
    const isAbsent = !this.isPart(fileIndex) &&
      this.#named?.has(fileIndex) === false;
    // Zeros are left as a hole.
    if (!isAbsent || isZero(bytes)) return undefined;
    const mode = modeOf(this.#files[fileIndex]!);
    const part = this.#partOf(fileIndex);
    const created = await this.#folder.createWhole(part, { bytes, mode });
    if (created !== undefined) this.#parts.set(fileIndex, created.stamp);
    return created?.file;
  }

  /** True if a file gets its name once complete: other files stay parts. */
  isWanted(fileIndex: number): boolean {
    return this.#wanted.has(fileIndex);
  }

  /** True if a verified file has its name, or is a link: no part that may be written. */
  isForeign(fileIndex: number): boolean {
    return this.#linked.has(fileIndex) ||
      (!this.isPart(fileIndex) && this.#named?.has(fileIndex) === true);
  }

  /**
   * Treats files that appear under final names from now on as another program's.
   * @param foreign Indexes of files that hold something else, or may, and stay.
   */
  setNamed(
    stamps: readonly (FileStamp | undefined)[],
    foreign: readonly number[],
  ): void {
    const others = new Set(foreign);
    this.#named = new Map(
      stamps.entries().filter(([index, stamp]) =>
        stamp !== undefined && !this.isPart(index) && !others.has(index)
      ),
    );
    for (const index of this.#linked) this.#parts.set(index, stamps[index]);
  }

  /** Makes the folder of the parts. @throws {StorageError} If the system refuses. */
  makeFolder(): Promise<void> {
    return this.#folder.makeFolders([...this.#partsFolder, ""]);
  }

  /** Makes the folder of the parts, and checks that a file can be made in its own. */
  async checkWritable(fileIndex: number): Promise<void> {
    const { path, isPadding } = this.#files[fileIndex]!;
    if (isPadding) return;
    // The error of a trial says more, but that of `makeFolder` names the folder.
    if (!await this.#folder.hasFolder([])) await this.makeFolder();
    const folder = this.#folder.pathOf(path.slice(0, -1));
    await tryToWrite(await existingFolder(folder));
    await this.makeFolder();
  }

  /**
   * Makes a part of a file that is to be written: of what has its name, or a new one. A
   * copy, if that has another name elsewhere.
   * @throws {StorageError} If a link or something else stands in its place.
   */
  async makePart(fileIndex: number): Promise<void> {
    const file = this.#files[fileIndex]!;
    const part = this.#partOf(fileIndex);
    // One that another program makes meanwhile is found when this one is complete.
    const mayBeNamed = !this.isPart(fileIndex) &&
      this.#named?.has(fileIndex) !== false;
    const folder = this.#folder;
    const named = mayBeNamed
      ? await folder.findFile(file.path, "name", folder.keptFolders())
      : undefined;
    if (named !== undefined) {
      const verified = this.#named?.get(fileIndex) ?? stampOf(named.info);
      if (isModified(verified, stampOf(named.info))) {
        throw this.#changed(fileIndex, "modified");
      }
      const isLinked = (named.info.nlink ?? 1) > 1;
      await folder.take(file.path, part, isLinked ? "name" : "write");
      if (isLinked) this.#linked.add(fileIndex);
      this.#parts.set(fileIndex, verified);
    }
    if (!this.isPart(fileIndex)) this.#parts.set(fileIndex, undefined);
    if (!this.#linked.has(fileIndex)) return;
    const verified = this.#parts.get(fileIndex);
    const made = await separatePart(folder, part, { file, verified });
    if (made === "gone") throw this.#changed(fileIndex, "modified");
    if (made !== undefined) this.#parts.set(fileIndex, undefined);
    this.#linked.delete(fileIndex);
  }

  /**
   * Makes a part of a missing file: a copy of an old one, or a link to it.
   * @throws {StorageError} If it cannot be read or stored.
   */
  async copyIn(
    fileIndex: number,
    old: OldFile,
    { mayLink = false }: Partial<Pick<PartOfOldFile, "mayLink">> = {},
  ): Promise<TakeOutcome> {
    const [file, part] = [this.#files[fileIndex]!, this.#partOf(fileIndex)];
    await this.makeFolder();
    const made = { old, part, file, mayLink };
    const outcome = await takeOldFile(this.#folder, made);
    if (outcome.type !== "gone") this.#parts.set(fileIndex, undefined);
    if (outcome.type === "linked") this.#linked.add(fileIndex);
    return outcome;
  }

  /**
   * Notes the stamp of a file that was opened, by which a part is known again.
   * @throws {ContentChangedError} If the part is another file than before.
   */
  opened(
    fileIndex: number,
    { stamp, isNew }: Pick<GuardedFile, "stamp" | "isNew">,
  ): void {
    if (!this.isPart(fileIndex)) return;
    if (isNew) this.#new.add(fileIndex);
    const before = this.#parts.get(fileIndex);
    if (before !== undefined && !isSameFile(before, stamp)) {
      throw this.#changed(fileIndex, "gone");
    }
    // A link has the stamp with which it was verified.
    if (before && this.#linked.has(fileIndex)) return;
    this.#parts.set(fileIndex, stamp);
  }

  /**
   * Gives parts, which are complete and flushed, their final names.
   * @returns The stamp of each; or a `StorageError`, as if another program has made a
   * file of that name.
   */
  async publish(
    fileIndexes: readonly number[],
  ): Promise<PromiseSettledResult<FileStamp>[]> {
    const publications = fileIndexes.map((fileIndex) => {
      const { path, length } = this.#files[fileIndex]!;
      const own = { ...this.#parts.get(fileIndex)!, size: length };
      const isLinked = this.#linked.has(fileIndex);
      return { from: this.#partOf(fileIndex), to: path, own, isLinked };
    });
    const outcomes = await publishFiles(this.#folder, publications);
    for (const [at, { status }] of outcomes.entries()) {
      if (status === "rejected") continue;
      this.#linked.delete(fileIndexes[at]!);
      this.#parts.delete(fileIndexes[at]!);
    }
    return outcomes;
  }

  /** Removes the folder of the parts, as every file has its name. */
  async finish(): Promise<void> {
    // Parts of unwanted files stay, to be served.
    if (this.#parts.size > 0) return;
    const dir = this.#folder.pathOf(this.#partsFolder);
    try {
      // A link in its place would lead to the parts of another folder.
      if (!await this.#folder.hasFolder(this.#partsFolder)) return;
      for await (const { name } of Deno.readDir(dir)) {
        // Other names are of files that were set aside.
        if (/^\d+(\.copy(\.link)?)?$/.test(name)) {
          await Deno.remove(join(dir, name));
        }
      }
      await Deno.remove(dir);
      // Fails harmlessly if the parts of other torrents are beside it.
      await Deno.remove(this.#folder.pathOf(this.#partsFolder.slice(0, -1)));
    } catch {
      // Harmless: what is left is our own.
    }
  }

  #changed(fileIndex: number, how: "modified" | "gone"): Error {
    return contentChanged(
      this.#folder.pathOf(this.#files[fileIndex]!.path),
      how,
    );
  }

  #partOf(fileIndex: number): readonly string[] {
    return [...this.#partsFolder, String(fileIndex)];
  }
}
