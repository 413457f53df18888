import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  grouped,
  InformationRequest,
  parseCommandLine,
  versionLine,
  wholeNumber,
} from "../../../cli/flags.ts";
import { EXIT_CODES_HELP, UsageError } from "../../../cli/program_error.ts";
import { readSize } from "../../../cli/quantity.ts";

function refuseNobody(target: string): string {
  if (target === "nobody") throw new RangeError("nobody is no target");
  return target;
}

const OPTIONS = {
  help: "\nHow to use it.\n\nOptions:\n\nNotes.\n",
  takes: { name: "FILE" },
  flags: {
    quiet: { usage: "--quiet", help: "print\n  nothing" },
    name: { usage: "--name NAME", help: "the name" },
    dir: { usage: "--dir FOLDER", help: "the dir", default: "." },
    port: {
      usage: "--port PORT",
      help: "first port to listen on, and the start of a text that is too long",
      default: 6881,
      read: wholeNumber(1, 65535),
    },
    limit: {
      usage: "--limit COUNT",
      help: "the limit",
      default: 0,
      read: wholeNumber(),
    },
    count: { usage: "--count COUNT", help: "the count", read: wholeNumber() },
    bytesPerSecond: {
      usage: "--rate RATE",
      help: "the rate",
      default: 0,
      read: readSize,
    },
    target: {
      usage: "--target NAME...",
      help: "the target",
      read: refuseNobody,
    },
  },
} as const;

Deno.test("parseCommandLine() gives every flag its value or default", () => {
  assertEquals(parseCommandLine([], OPTIONS), {
    flags: {
      quiet: false,
      name: undefined,
      dir: ".",
      port: 6881,
      limit: 0,
      count: undefined,
      bytesPerSecond: 0,
      target: [],
    },
    positionals: [],
  });
  const args = ["--quiet", "--name", "a b", "--dir=-x", "--port", "80"];
  args.push("--count", "5", "--rate", "500KiB", "--target=a", "--target", "b");
  assertEquals(parseCommandLine(args, OPTIONS).flags, {
    quiet: true,
    name: "a b",
    dir: "-x",
    port: 80,
    limit: 0,
    count: 5,
    bytesPerSecond: 512_000,
    target: ["a", "b"],
  });
});

Deno.test("parseCommandLine() keeps positionals as text, in order, between flags", () => {
  const args = ["1", "--quiet", "0x10", "--port", "80", "-", "--", "--quiet"];
  assertEquals(parseCommandLine(args, OPTIONS).positionals, [
    "1",
    "0x10",
    "-",
    "--quiet",
  ]);
});

Deno.test("parseCommandLine() refuses an argument of a program that takes none", () => {
  assertThrows(
    () => parseCommandLine(["a"], { help: "", flags: {} }),
    UsageError,
    "unexpected argument a",
  );
});

Deno.test("parseCommandLine() names the arguments that are missing, and the first one too many", () => {
  const takes = { name: "TORRENT FOLDER", min: 2, max: 2 };
  const read = (...args: string[]): unknown =>
    parseCommandLine(args, { help: "", flags: {}, takes });
  assertThrows(() => read(), UsageError, "no TORRENT and no FOLDER is given");
  assertThrows(() => read("a"), UsageError, "no FOLDER is given");
  assertThrows(() => read("a", "b", "c"), UsageError, "unexpected argument c");
});

Deno.test("parseCommandLine() says which flag is invalid and why", () => {
  const cases: [args: string[], reason: string][] = [
    [["--colour"], "unknown flag --colour"],
    [["-q"], "unknown flag -q"],
    [["--no-quiet"], "unknown flag --no-quiet"],
    [["--__proto__=1"], "unknown flag --__proto__=1"],
    [["--port.x=1"], "unknown flag --port.x=1"],
    [["--quiet=perhaps"], "--quiet takes no value"],
    [["--debug=1"], "--debug takes no value"],
    [["--name"], "--name needs a value"],
    [["--name", "--quiet"], "--name needs a value"],
    [["--name="], "--name needs a value"],
    [["--name", "a", "--name", "b"], "--name is given twice"],
    [["--target", "a", "--target="], "--target needs a value"],
    [
      ["--port", "http"],
      '--port: "http" is not a whole number from 1 to 65535',
    ],
    [["--port", "0"], '--port: "0" is not a whole number from 1 to 65535'],
    [["--port", "65536"], "is not a whole number from 1 to 65535"],
    [["--port=-1"], "is not a whole number"],
    [["--port", "1e3"], "is not a whole number"],
    [["--limit", "1.5"], '"1.5" is not a whole number, 0 or more'],
    [["--limit", "99999999999999999"], "is not a whole number, 0 or more"],
    [["--rate", "fast"], '--rate: "fast" is not a size such as 256KiB'],
    [["--rate=-1"], '--rate: "-1" is not a size'],
    [["--target=nobody"], "--target: nobody is no target"],
    [["--target", ""], "--target needs a value"],
    [[""], "an argument is empty"],
  ];
  for (const [args, reason] of cases) {
    const error = assertThrows(
      () => parseCommandLine(args, OPTIONS),
      UsageError,
      reason,
    );
    assertEquals(error.exitCode, 2);
  }
});

Deno.test("parseCommandLine() answers --help and --version", () => {
  const help = `How to use it.

Options:
  --quiet        print
                   nothing
  --name NAME    the name
  --dir FOLDER   the dir
  --port PORT    first port to listen on, and the start of a text that is too
                 long
  --limit COUNT  the limit
  --count COUNT  the count
  --rate RATE    the rate
  --target NAME  the target
  --debug        print the stack trace of an error
  --version      print the version
  --help         print this help

Notes.

${EXIT_CODES_HELP}`;
  const cases: [args: string[], text: string][] = [
    [["--help"], help],
    [["-h"], help],
    [["--quiet", "file", "--help"], help],
    [["--version"], versionLine()],
  ];
  for (const [args, text] of cases) {
    let thrown: unknown;
    try {
      parseCommandLine(args, OPTIONS);
    } catch (request) {
      thrown = request;
    }
    assertEquals(thrown, new InformationRequest(text));
  }
});

Deno.test("parseCommandLine() lists flags below their headings, and those of every program below the last", () => {
  const flags = {
    ...grouped("What", { only: { usage: "--only GLOB", help: "these" } }),
    ...grouped("Output", { quiet: { usage: "--quiet", help: "less" } }),
    first: { usage: "--first", help: "before", group: "What" },
  } as const;
  const parse = (): unknown =>
    parseCommandLine(["--help"], { flags, help: "Options:\n\nNotes." });
  const text = `What:
  --only GLOB  these
  --first      before

Output:
  --quiet      less
  --debug      print the stack trace of an error
  --version    print the version
  --help       print this help

Notes.

${EXIT_CODES_HELP}`;
  let thrown: unknown;
  try {
    parse();
  } catch (request) {
    thrown = request;
  }
  assertEquals(thrown, new InformationRequest(text));
});

Deno.test("parseCommandLine() takes --debug for every program", () => {
  const { positionals } = parseCommandLine(["--debug", "a"], OPTIONS);
  assertEquals(positionals, ["a"]);
});

Deno.test("versionLine() contains the version, the system and the runtime", () => {
  assertMatch(
    versionLine(),
    /^lanswarm \d+\.\d+\.\d+ \([a-z0-9_]+(-[a-z0-9]+){2,3}, deno \d+\.\d+\.\d+\)$/,
  );
});
