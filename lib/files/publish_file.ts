/**
 * Gives complete files their final names below a guarded folder. Invariant: if another
 * user exchanges a folder of the name for a link meanwhile, no content stays at the
 * link's target. The name there is removed. If that name cannot be found again, the file
 * is emptied and fetched again, unless the file is a link to an old file.
 *
 * @module
 */
import {
  type FileStamp,
  ifAny,
  isModified,
  isSameFile,
  type Outcome,
  stampOf,
} from "./file_system.ts";
import type { GuardedFolder } from "./guarded_folder.ts";
import type { KnownFolders } from "./guarded_paths.ts";
import { giveName, NameTakenError, takeBack } from "./links.ts";
import { contentChanged, storageFailure } from "./storage_failure.ts";

/** A file and its final name, as paths below a folder. */
export interface Publication {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /**
   * The stamp of the file when it was opened, with the size that it must have; of a link
   * to an old file, when it was verified.
   */
  readonly own: FileStamp;
  /** True if the file has a name elsewhere, where it stays as it is. @default {false} */
  readonly isLinked?: boolean | undefined;
}

/**
 * Moves files to other paths, where nothing may be. The former name of a file is removed
 * after the new name is confirmed. Across file systems the file is copied. A file with
 * the same content that has the path already stays, and counts as ours.
 * @returns For each file the stamp of the file at its path now. Or a
 * `ContentChangedError` if the file was replaced or has another size, a `StorageError`
 * if something else is there or the system refuses.
 */
export async function publishFiles(
  folder: GuardedFolder,
  publications: readonly Publication[],
): Promise<PromiseSettledResult<FileStamp>[]> {
  const links: Outcome<boolean>[] = [];
  for (const { from, to } of publications) {
    const link = (): Outcome<boolean> =>
      giveName(folder.fileSystem, folder.pathOf(from), folder.pathOf(to));
    const make = async (): Promise<boolean> => {
      await folder.makeFolders(to);
      return await link();
    };
    const isKept = folder.keptFolders().has(folder.pathOf(to.slice(0, -1)));
    const linked = folder.again(isKept ? link : make, make);
    // One after another. An error is ignored here, as the confirmation meets it too.
    if (linked instanceof Promise) await linked.catch(() => {});
    links.push(linked);
  }
  // Found after the last link, and once for all.
  const folders: KnownFolders = new Map();
  const ours = new Map<string, boolean>();
  const outcomes: PromiseSettledResult<FileStamp>[] = [];
  for (const [at, publication] of publications.entries()) {
    const { to } = publication;
    const place = folder.pathOf(to.slice(0, -1));
    const isOurs = ours.get(place) ??
      await folder.isOurs(to, folders).catch(() => false);
    ours.set(place, isOurs);
    const plain = isOurs && links[at] === true && !publication.isLinked
      ? confirmOurs(folder, publication)
      : undefined;
    const stamp = plain instanceof Promise ? await plain : plain;
    if (stamp !== undefined) {
      outcomes.push({ status: "fulfilled", value: stamp });
      continue;
    }
    const confirmed = confirmLinked(folder, publication, links[at]!, folders);
    outcomes.push(...await Promise.allSettled([confirmed]));
  }
  return outcomes;
}

/**
 * Removes the former name of a file whose new one nobody else can exchange.
 * @returns Its stamp; `undefined` if anything is wrong, which `confirmLinked` finds too.
 */
function confirmOurs(
  folder: GuardedFolder,
  { from, to, own }: Publication,
): Outcome<FileStamp | undefined> {
  const { fileSystem } = folder;
  const confirm = (info: Deno.FileInfo): Outcome<FileStamp | undefined> => {
    const stamp = stampOf(info);
    const isRight = info.isFile && isSameFile(own, stamp) &&
      stamp.size === own.size;
    if (!isRight) return undefined;
    const removed = fileSystem.remove(folder.pathOf(from));
    return removed instanceof Promise ? removed.then(() => stamp) : stamp;
  };
  const info = fileSystem.lstat(folder.pathOf(to));
  const stamp = info instanceof Promise ? info.then(confirm) : confirm(info);
  return stamp instanceof Promise ? stamp.catch(() => undefined) : stamp;
}

/**
 * Gives one file another path.
 * @returns The stamp of what has the path now.
 * @throws {StorageError} As {@linkcode publishFiles} reports it.
 */
export async function publishFile(
  folder: GuardedFolder,
  publication: Publication,
): Promise<FileStamp> {
  const [outcome] = await publishFiles(folder, [publication]);
  if (outcome!.status === "rejected") throw outcome!.reason;
  return outcome!.value;
}

/** Removes the former name of a file, once the new one is confirmed. */
async function confirmLinked(
  folder: GuardedFolder,
  { from, to, own, isLinked }: Publication,
  linked: Outcome<boolean>,
  folders: KnownFolders,
): Promise<FileStamp> {
  const [fromPath, toPath] = [folder.pathOf(from), folder.pathOf(to)];
  try {
    const isNamed = await linked;
    const stamp = isNamed
      ? await confirmName(folder, { from, to, own, isLinked }, folders)
      : await publishCopy(folder, { from, to, own });
    await ifAny(folder.fileSystem.remove(fromPath));
    const isChanged = isLinked && isNamed
      ? isModified(own, stamp)
      : stamp.size !== own.size;
    if (!isChanged) return stamp;
    await ifAny(folder.fileSystem.remove(toPath));
    throw contentChanged(toPath, "modified");
  } catch (error) {
    if (error instanceof NameTakenError) {
      const stamp = await stampOfEqual(folder, { from, to, own });
      if (stamp === undefined) throw error;
      await ifAny(folder.fileSystem.remove(fromPath));
      return stamp;
    }
    throw error instanceof Deno.errors.NotFound
      ? contentChanged(toPath, "gone")
      : storageFailure("store", toPath, error);
  }
}

/**
 * Copies a file, flushed, to a path where nothing may be.
 * @param own The stamp that the file must have, but for its size; or any.
 * @returns The stamp of the copy.
 * @throws {StorageError} As {@linkcode publishFiles} reports it.
 */
export async function publishCopy(
  folder: GuardedFolder,
  { from, to, own }: Omit<Publication, "own"> & Partial<Publication>,
): Promise<FileStamp> {
  const copy = [...to.slice(0, -1), `.lanswarm-${crypto.randomUUID()}`];
  using source = await folder.open(from, "read");
  const { size } = source.stamp;
  if (own !== undefined && !isSameFile(own, source.stamp)) {
    throw new Deno.errors.NotFound("another file has its name");
  }
  const { mode } = await source.file.stat();
  using made = await folder.open(copy, "create", {
    mode: mode === null ? undefined : mode & 0o777,
  });
  try {
    const { fileSystem } = folder;
    if (await fileSystem.copy(source.file, made.file, size) < size) {
      throw contentChanged(folder.pathOf(to), "modified");
    }
    await made.file.sync();
    const publication = { from: copy, to, own: { ...made.stamp, size } };
    return await publishFile(folder, publication);
  } catch (error) {
    // Through the open file, wherever it is by now.
    await made.file.truncate().catch(() => {});
    await Deno.remove(folder.pathOf(copy)).catch(() => {});
    throw error;
  }
}

/** The stamp of the file that has the final name, if it has the content of ours. */
async function stampOfEqual(
  folder: GuardedFolder,
  { from, to, own }: Publication,
): Promise<FileStamp | undefined> {
  using one = await folder.open(from, "read");
  using other = await folder.open(to, "read");
  const { size } = own;
  if (one.stamp.size !== size || other.stamp.size !== size) return undefined;
  const isSame = await folder.fileSystem.areEqual(one.file, other.file, size);
  return isSame ? other.stamp : undefined;
}

/** Confirms the new name of a file, or takes it back. */
async function confirmName(
  folder: GuardedFolder,
  { from, to, own, isLinked }: Publication,
  folders: KnownFolders,
): Promise<FileStamp> {
  try {
    return await folder.confirm(to, "name", own, folders);
  } catch (error) {
    // A file elsewhere may be the old file itself, by its own name.
    if (isLinked) throw error;
    await takeBack({ path: folder.pathOf(to), stamp: own }, folder.home);
    // A disk that refuses to say where the name leads has not exchanged it.
    const isRefused = error instanceof Error && error.cause instanceof Error;
    // Not confirmed again even if the folder is back, as it may be exchanged again.
    // Harmless if that fails: nobody but this user can have forbidden it.
    if (!isRefused) await emptyAll(folder.pathOf(from), own).catch(() => {});
    throw error;
  }
}

/** Empties a file of ours, if it has another name than a path. */
async function emptyAll(path: string, own: FileStamp): Promise<void> {
  const isOurs = (info: Deno.FileInfo): boolean =>
    info.isFile && own.inode !== undefined &&
    isSameFile(own, stampOf(info)) && (info.nlink ?? 1) > 1;
  // Before the open, which would follow a link, or block at a pipe.
  if (!isOurs(await Deno.lstat(path))) return;
  using file = await Deno.open(path, { read: true, write: true });
  if (isOurs(await file.stat())) await file.truncate();
}
