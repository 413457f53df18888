import { assertEquals } from "@std/assert";
import {
  describeError,
  ProgramError,
  UsageError,
} from "../../../cli/program_error.ts";
import { MetainfoError, StorageError } from "../../../mod.ts";

Deno.test("describeError() begins every line in the same way and says what to do", () => {
  const cases: [error: unknown, line: string][] = [
    [new ProgramError("cannot listen: x; y"), "cannot listen: x; y"],
    [new StorageError("Cannot read a: x; y"), "cannot read a: x; y"],
    [
      new UsageError("no file"),
      "cannot read the command line: no file; see --help",
    ],
    [
      new MetainfoError("info.name", "is missing"),
      "cannot read torrent: info.name: is missing; get a fresh copy of the torrent file",
    ],
    [
      new TypeError("a is undefined"),
      "cannot go on: a is undefined; run again with --debug for the details",
    ],
    ["\x1b", "cannot go on: \\x1b; run again with --debug for the details"],
  ];
  for (const [error, line] of cases) assertEquals(describeError(error), line);
});
