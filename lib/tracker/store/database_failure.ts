/**
 * Turns what SQLite says into a {@linkcode StoreError} a person can act on: the
 * action, the path, the reason and what to do.
 *
 * @module
 */
import { dirname } from "@std/path";
import { StoreError } from "../../base/errors.ts";

/** SQLite's own words, which it never translates, and what they mean here. */
const EXPLANATIONS: readonly (readonly [words: string, meaning: string])[] = [
  [
    "file is not a database",
    "it is no database of SQLite; choose another file",
  ],
  [
    "database is locked",
    "another tracker or program uses it; stop that one or choose another file",
  ],
  [
    "readonly database",
    "it may not be written; change its permissions and its folder's or choose " +
    "another file",
  ],
  ["database or disk is full", "the disk is full; free some space"],
  [
    "disk image is malformed",
    "it is damaged; move it away, or put a copy of it in its place",
  ],
  ["disk I/O error", "the disk reports an error; check the disk"],
];

/** The error for a failed `action` ("open", "write") on the database at `path`. */
export function databaseFailure(
  action: "open" | "write",
  path: string,
  cause: unknown,
): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = explain(path, cause);
  return new StoreError(`Cannot ${action} ${path}: ${reason}`, { cause });
}

function explain(path: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Deno.errors.NotCapable) {
    return message.includes("all access")
      ? "programs under Deno's permissions are kept out of this place; choose " +
        "another file"
      : "reading and writing it are not permitted; run with -R -W";
  }
  if (message.includes("unable to open database file")) {
    return explainAbsence(path);
  }
  const known = EXPLANATIONS.find(([words]) => message.includes(words));
  return known?.[1] ?? `${message}; choose another file`;
}

/** SQLite says the same of everything that it cannot open. */
function explainAbsence(path: string): string {
  if (isFolder(path)) return "a folder stands there; give the path of a file";
  return isFolder(dirname(path))
    ? "permission denied; change its permissions or choose another file"
    : "its folder does not exist; make it or choose another file";
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // Whatever keeps it from being looked at keeps it from being used.
    return false;
  }
}
