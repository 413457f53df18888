import { assertEquals, assertStrictEquals } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";

import {
  sourceFailure,
  storageFailure,
} from "../../../lib/files/storage_failure.ts";

/** An error of the system as Deno throws it: of a common class, with or without a code. */
function systemError(
  code: string | undefined,
  ErrorClass: new (message: string) => Error = Error,
): Error {
  const error = new ErrorClass("the system's words (os error 1)");
  return code === undefined ? error : Object.assign(error, { code });
}

const { NotFound, PermissionDenied } = Deno.errors;
const LONG_PATH = `/folder/${"a".repeat(252)}`;

const TOO_LONG = "the name is too long for this file system; choose a folder " +
  "with a shorter path or on another file system";
const MISSING = "it does not exist; was it moved or deleted? Run again to " +
  "fetch it";

Deno.test("storageFailure() explains the errors that Deno throws on Windows", () => {
  const cases: [action: string, path: string, cause: Error, reason: string][] =
    [
      [
        "open",
        "a",
        systemError("EBUSY"),
        "another program uses it; close that program and run again",
      ],
      [
        "write",
        "a",
        systemError("ENOSPC"),
        "the disk is full; free some space and run again, what is stored stays",
      ],
      [
        "open",
        "a",
        systemError("EPERM", PermissionDenied),
        "permission denied; choose another folder or change its permissions",
      ],
      ["open", "a", systemError("ENAMETOOLONG"), TOO_LONG],
      // Deno opens longer paths than Windows allows, and does not find them.
      ["open", LONG_PATH, systemError("ENOENT", NotFound), TOO_LONG],
      ["read", "a", systemError("ENOENT", NotFound), MISSING],
      [
        "create folder",
        "Q:\\a",
        systemError("ENOENT", NotFound),
        "its drive or share does not exist; choose another folder",
      ],
      // "The filename, directory name, or volume label syntax is incorrect."
      [
        "write",
        "a?",
        systemError("ENOENT"),
        "Windows takes no such name; choose another",
      ],
      [
        "read",
        "a",
        systemError(undefined),
        "the system's words (os error 1); run again to check what is stored and fetch the rest",
      ],
    ];
  for (const [action, path, cause, reason] of cases) {
    const failure = storageFailure(action, path, cause, "windows");
    assertEquals(failure.message, `Cannot ${action} ${path}: ${reason}`);
    assertStrictEquals(failure.cause, cause);
  }
});

Deno.test("storageFailure() explains a missing file on other systems", () => {
  const cause = systemError("ENOENT", NotFound);
  for (const platform of ["linux", "darwin"] as const) {
    const reasons = {
      "open": MISSING,
      "create folder": "nothing can be made there; choose another folder",
      "write to": "nothing can be made there; choose another folder",
    };
    for (const [action, reason] of Object.entries(reasons)) {
      const { message } = storageFailure(action, LONG_PATH, cause, platform);
      assertEquals(message, `Cannot ${action} ${LONG_PATH}: ${reason}`);
    }
  }
});

Deno.test("storageFailure() returns a StorageError as it is", () => {
  const error = new StorageError("Cannot use a: said already");
  assertStrictEquals(storageFailure("open", "a", error), error);
});

Deno.test("sourceFailure() explains errors of a path that the user gave", () => {
  const cases: [cause: Error, reason: string][] = [
    [
      systemError("EBUSY"),
      "another program uses it; close that program and run again",
    ],
    // On Windows the error of an unexpanded *.torrent has no class.
    [systemError("ENOENT"), "it does not exist; check the path"],
    [systemError("ENOENT", NotFound), "it does not exist; check the path"],
    [
      systemError("EPERM", PermissionDenied),
      "permission denied; run as a user who may read it",
    ],
  ];
  for (const [cause, reason] of cases) {
    assertEquals(sourceFailure("a", cause).message, `Cannot read a: ${reason}`);
  }
});
