import { assertEquals, assertStringIncludes } from "@std/assert";
import { programFor, startAdvice } from "../../../cli/completion_command.ts";

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

Deno.test("startAdvice() tells of cmd on Windows alone", () => {
  assertStringIncludes(startAdvice("windows"), "need cmd /c before");
  assertEquals(startAdvice("linux"), "check --on-complete");
});
