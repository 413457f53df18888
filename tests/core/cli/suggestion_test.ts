import { assertEquals, assertThrows } from "@std/assert";
import { oneOf, parseCommandLine } from "../../../cli/flags.ts";
import { lanswarm } from "../../../cli/lanswarm.ts";
import { parsePeerJob } from "../../../cli/peer_job.ts";
import { UsageError } from "../../../cli/program_error.ts";
import { nearestChoice, withSuggestion } from "../../../cli/suggestion.ts";

const CHOICES = ["--quiet", "--json", "--exit-when-complete", "--dir", "--by"];

Deno.test("nearestChoice() finds slips of the keyboard, and the start of a word", () => {
  const cases: [word: string, nearest: string | undefined][] = [
    ["--exit-when-complet", "--exit-when-complete"],
    ["--exit-on-complete", "--exit-when-complete"],
    ["--Quiet", "--quiet"],
    ["--jsno", "--json"],
    ["--idr", "--dir"],
    ["--exit", "--exit-when-complete"],
    ["--ex", undefined],
    ["--q", undefined],
    ["--b", undefined],
    ["--", undefined],
    ["--colour", undefined],
    ["--output", undefined],
    ["--no-quiet", undefined],
    ["--not", undefined],
  ];
  for (const [word, nearest] of cases) {
    assertEquals(nearestChoice({ word, choices: CHOICES }), nearest, word);
  }
});

function messageOf(run: () => unknown): string {
  return withSuggestion(assertThrows(run, UsageError)).message;
}

const START = "cannot read the command line: ";

Deno.test("withSuggestion() names the flag that may be meant, however it was written", () => {
  const cases: [args: string[], message: string][] = [
    [["--qiuet"], "unknown flag --qiuet; did you mean --quiet?"],
    [
      ["--max-uplaod=1MiB"],
      "unknown flag --max-uplaod=1MiB; did you mean --max-upload?",
    ],
    [["-json"], "unknown flag -json; did you mean --json?"],
    [["--hepl"], "unknown flag --hepl; did you mean --help?"],
    [["--colour"], "unknown flag --colour; see --help"],
    [["-q"], "unknown flag -q; see --help"],
    [["--__proto__=1"], "unknown flag --__proto__=1; see --help"],
    [
      ["--on-hangup", "ignor"],
      '--on-hangup: "ignor" is not ignore or end; did you mean ignore?',
    ],
    [
      ["--on-hangup=x"],
      '--on-hangup: "x" is not ignore or end; see --help',
    ],
    [
      ["--port", "x"],
      '--port: "x" is not a whole number from 0 to 65535; see --help',
    ],
  ];
  for (const [args, message] of cases) {
    assertEquals(messageOf(() => parsePeerJob(args)), START + message);
  }
});

Deno.test("oneOf() reads one of its words, as it is written", () => {
  const flags = {
    mode: { usage: "--mode MODE", help: "", read: oneOf("a", "b") },
  } as const;
  const read = (mode: string): unknown =>
    parseCommandLine(["--mode", mode], { flags, help: "" }).flags;
  assertEquals(read("b"), { mode: "b" });
  assertThrows(() => read("B"), UsageError, '"B" is not a or b');
});

Deno.test("lanswarm and peer suggest a command", async () => {
  const cases: [args: string[], message: string][] = [
    [["shrae", "images"], '"shrae" is not a command; did you mean share?'],
    [["--hlep"], '"--hlep" is not a command; did you mean --help?'],
    [
      ["peer", "verfy"],
      "there is no command or file verfy; did you mean verify?",
    ],
  ];
  for (const [args, message] of cases) {
    const error = await Promise.resolve(lanswarm(args)).catch((error) => error);
    assertEquals(withSuggestion(error).message, START + message);
  }
});
