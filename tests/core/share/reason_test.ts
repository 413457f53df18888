import { assertEquals } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";
import { storageFailure } from "../../../lib/disk/storage_failure.ts";
import { failureCode, isReasonCode } from "../../../lib/share/reason.ts";

Deno.test("failureCode() tells a full disk and a folder that cannot be written from other failures", () => {
  const codeOf = (code: string): string =>
    failureCode(
      storageFailure("write", "a", Object.assign(new Error("x"), { code })),
    );
  assertEquals(
    ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE"]
      .map(codeOf),
    [
      ...["diskFull", "diskFull", "readOnly", "readOnly", "readOnly"],
      ...["failed", "failed"],
    ],
  );
  assertEquals(
    failureCode(new StorageError("no room", { cause: "ENOSPC" })),
    "diskFull",
  );
  assertEquals(failureCode(new Error("x")), "failed");
});

Deno.test("isReasonCode() knows codes alone", () => {
  assertEquals(
    ["cpu", "constructor", "", undefined, 1, null].map(isReasonCode),
    [true, false, false, false, false, false],
  );
});
