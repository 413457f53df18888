/**
 * The tokens that allow to control a share: one in each folder that is shared from,
 * for programs of the same user, or one that the user names. A token in a folder is
 * reused only if this user's secret proves that this user made the token: the folder may
 * have come from somebody else.
 *
 * @module
 */
import { equals } from "@std/bytes/equals";
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { isUnwritable, OwnFolder } from "../disk/own_folder.ts";
import { hmacSha1 } from "../disk/sha1.ts";

/** Name of the file in the folder `.lanswarm`. */
const FILE_NAME = "token";
/** Random bytes of a token; their HMAC follows. */
const RANDOM_LENGTH = 32;
const PROOF_LENGTH = 20;
/** Longest file that is read, in bytes. */
const MAX_LENGTH = 4_096;

/**
 * The token of a folder that is shared from, made and saved if there is none.
 * @param secret Of this user, from `openRecordSecret`. @default none: a new token
 * @returns `undefined` if it cannot be saved.
 * @throws {StorageError} If something else stands in the place of the file.
 */
export async function openFolderToken(
  dir: string,
  secret?: Uint8Array,
): Promise<string | undefined> {
  const folder = new OwnFolder(dir, { mode: 0o600 });
  const saved = await readFolderToken(dir);
  if (saved !== undefined && secret && isProven(saved, secret)) return saved;
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH));
  const proof = secret
    ? proofOf(random, secret)
    : crypto.getRandomValues(new Uint8Array(PROOF_LENGTH));
  const token = encodeHex(concat([random, proof]));
  try {
    await folder.replace(FILE_NAME, new TextEncoder().encode(`${token}\n`));
    return token;
  } catch (error) {
    if (isUnwritable(error)) return undefined;
    throw error;
  }
}

/**
 * The token that is saved in a folder; `undefined` if there is none.
 * @throws {StorageError} If something else stands in the place of the file.
 */
export async function readFolderToken(
  dir: string,
): Promise<string | undefined> {
  const bytes = await new OwnFolder(dir).read(FILE_NAME, MAX_LENGTH);
  return bytes && new TextDecoder().decode(bytes).trim();
}

/**
 * Reads a token that the user names.
 * @throws {RangeError} If the token is too short to be secret, or invalid in an HTTP header.
 */
export function readToken(text: string): string {
  const token = text.trim();
  if (/^[\w.~+/=-]{16,512}$/.test(token)) return token;
  throw new RangeError("a token has 16 to 512 letters, digits and -._~+/=");
}

function isProven(token: string, secret: Uint8Array): boolean {
  const pattern = new RegExp(
    `^[0-9a-f]{${2 * (RANDOM_LENGTH + PROOF_LENGTH)}}$`,
  );
  if (!pattern.test(token)) return false;
  const bytes = decodeHex(token);
  const proof = proofOf(bytes.subarray(0, RANDOM_LENGTH), secret);
  return equals(bytes.subarray(RANDOM_LENGTH), proof);
}

function proofOf(random: Uint8Array, secret: Uint8Array): Uint8Array {
  const purpose = new TextEncoder().encode("token of a share ");
  return hmacSha1(secret, concat([purpose, random]));
}
