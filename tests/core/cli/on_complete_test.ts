import { assertEquals, assertStringIncludes } from "@std/assert";
import { programFor, startFailure } from "../../../cli/on_complete.ts";

Deno.test("programFor() has cmd run a batch file on Windows", () => {
  const cases: [command: string[], program: string[]][] = [
    [["notify.exe", "a"], ["notify.exe", "a"]],
    [["notify"], ["notify"]],
    [
      ["C:\\my tools\\notify.CMD", "a b"],
      ["cmd", "/d", "/c", "call", "C:\\my tools\\notify.CMD", "a b"],
    ],
    [["notify.bat"], ["cmd", "/d", "/c", "call", "notify.bat"]],
  ];
  for (const [command, program] of cases) {
    assertEquals(programFor(command, "windows"), program);
    assertEquals(programFor(command, "linux"), command);
  }
});

Deno.test("startFailure() tells of cmd on Windows alone", () => {
  const error = new Error("no such program");
  assertStringIncludes(startFailure(error, "windows"), "need cmd /c before");
  assertEquals(
    startFailure(error, "linux"),
    "no such program; check --on-complete",
  );
});

Deno.test("startFailure() names the limit of open files if that is the reason", () => {
  const full = new Error("Failed to spawn 'a': (os error 24)");
  const ofSystem = Object.assign(new Error("a"), { code: "ENFILE" });
  for (const error of [full, ofSystem]) {
    assertStringIncludes(startFailure(error, "windows"), "raise the limit");
  }
});
