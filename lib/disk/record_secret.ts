/**
 * The secret that proves that a resume record is this user's own: 32 random bytes
 * in a file that nobody else can read, in a folder that nobody else can write.
 *
 * @module
 */
import { isAbsolute, join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { type Platform, platformOf } from "../metainfo/safe_path.ts";
import { FileSystem } from "../files/file_system.ts";
import { isOpenTo } from "../files/file_modes.ts";
import { storageFailure } from "../files/storage_failure.ts";

const SECRET_NAME = "record.key";
const SECRET_LENGTH = 32;

/**
 * The folder for the secret: `$STATE_DIRECTORY`, as service managers set it, or
 * else the user's own folder for the state of programs. `undefined` if the
 * environment names none.
 * @param variable Reads a variable of the environment.
 */
export function findStateFolder(
  variable: (name: string) => string | undefined = grantedVariable,
  platform: Platform = platformOf(Deno.build.os),
): string | undefined {
  const absolute = (path = ""): string | undefined =>
    isAbsolute(path) ? path : undefined;
  const named = (name: string) => absolute(variable(name));
  const below = (folder: string | undefined, ...path: string[]) =>
    folder && join(folder, ...path, "lanswarm");
  // A service may have several.
  const separator = platform === "windows" ? ";" : ":";
  const service = absolute(variable("STATE_DIRECTORY")?.split(separator)[0]);
  if (service !== undefined) return service;
  switch (platform) {
    case "windows":
      return below(named("LOCALAPPDATA"));
    case "darwin":
      return below(named("HOME"), "Library", "Application Support");
    default:
      return below(named("XDG_STATE_HOME")) ??
        below(named("HOME"), ".local", "state");
  }
}

/** Asks nobody: a library has no permissions but those that it was given. */
function grantedVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/**
 * The secret in a folder, 32 bytes; the folder and the secret are made if missing.
 * @param folder @default {the folder of `findStateFolder`}
 * @throws {StorageError} If there is no such folder, if others can read the secret
 * or write in the folder, if the secret is another user's, or if the system refuses.
 */
export async function openRecordSecret(
  folder: string | undefined = findStateFolder(),
): Promise<Uint8Array<ArrayBuffer>> {
  if (folder === undefined) {
    throw new StorageError(
      "Cannot keep a secret: the environment names no folder for it; set HOME or STATE_DIRECTORY",
    );
  }
  const path = join(folder, SECRET_NAME);
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    // Windows has no such bits; the user's folders there are private.
    if (isOpenTo(await Deno.stat(folder), 0o022)) {
      throw new StorageError(
        `Cannot use ${folder}: other users can write to it; chmod go-w ${folder}`,
      );
    }
    const owner = await makeIfMissing(path);
    // Before the open, which would wait for a pipe.
    requireOwn(path, await Deno.lstat(path), owner);
    using file = await Deno.open(path);
    requireOwn(path, await file.stat(), owner);
    const secret = new Uint8Array(SECRET_LENGTH);
    await new FileSystem().read(file, 0, secret);
    return secret;
  } catch (error) {
    throw storageFailure("use", path, error);
  }
}

/**
 * Makes a secret under another name first, so that nobody reads a part of it.
 * @returns The number of this user, as of every file that is made here. The system
 * tells it only with a permission.
 */
async function makeIfMissing(path: string): Promise<number | null> {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_LENGTH));
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(temporary, secret, { createNew: true, mode: 0o600 });
    // Unlike a rename, this fails if there is a secret.
    await Deno.link(temporary, path).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
    return (await Deno.lstat(temporary)).uid;
  } finally {
    await Deno.remove(temporary)
      // Harmless: nobody but the user can read it.
      .catch(() => {});
  }
}

/** @throws {StorageError} If a file is no secret that this user made. */
function requireOwn(
  path: string,
  info: Deno.FileInfo,
  owner: number | null,
): void {
  const refusal = isOpenTo(info, 0o077)
    ? "other users can read it; remove it"
    : info.uid !== owner
    ? "it belongs to another user, who may know it; choose a folder of your own"
    : !info.isFile || info.size !== SECRET_LENGTH
    ? `it is not a file of ${SECRET_LENGTH} bytes; remove it`
    : undefined;
  if (refusal === undefined) return;
  throw new StorageError(`Cannot use ${path}: ${refusal}`);
}
