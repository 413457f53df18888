/**
 * Reads command lines strictly: an unknown flag, a flag given twice, and a value that
 * is missing or malformed are each a {@linkcode UsageError} that names the flag. A
 * program's flags are one table, from which their values, types and help come.
 */
import { parseArgs } from "@std/cli/parse-args";
import { readWord, VERSION } from "../lib/values.ts";
import {
  EXIT_CODES_HELP,
  type UnknownWord,
  UsageError,
} from "./program_error.ts";
import { notA } from "./quantity.ts";

/** A flag of a program; its texts are those of the help. */
export interface Flag {
  /**
   * As the help shows it: `--udp` is given or not, `--dir FOLDER` has a value, and
   * `--allow NETWORK...` may be given several times.
   */
  readonly usage: `--${string}`;
  /** Text beside it in the help, wrapped; line breaks stay. */
  readonly help: string;
  readonly default?: unknown;
  /**
   * Parses a value, which is one word unless `isFree`. Without this, the value is the
   * text as it is. @throws {RangeError | SyntaxError}
   */
  readonly read?: (text: string) => unknown;
  /** Passes any text to `read`, blanks and all. @default {false} */
  readonly isFree?: boolean;
  /** The heading above it in the help. @default {the last one, or "Options"} */
  readonly group?: string;
}

/**
 * A flag as a line of the help: usage, two blanks, help.
 * `flag("--dir FOLDER  folder of the content", { default: "." })`
 */
export function flag<
  const Line extends `--${string}  ${string}`,
  const Options extends Omit<Flag, "usage" | "help"> = Record<never, never>,
>(
  line: Line,
  options?: Options,
): Options & { readonly usage: UsageOf<Line>; readonly help: string } {
  const end = line.indexOf("  ");
  const usage = line.slice(0, end) as UsageOf<Line>;
  return { ...options!, usage, help: line.slice(end + 2) };
}

type UsageOf<Line> = Line extends
  `${infer Usage extends `--${string}`}  ${string}` ? Usage
  : never;

/** A program's flags, by the key of their value. */
export type Flags = { readonly [key: string]: Flag };

/** The flags below one heading of the help. */
export function grouped<const F extends Flags>(group: string, flags: F): F {
  const entries = Object.entries(flags)
    .map(([key, flag]) => [key, { ...flag, group }]);
  return Object.fromEntries(entries);
}

type FlagValue<F extends Flag> = F["usage"] extends `${string}...`
  ? readonly ReadValue<F>[]
  : F["usage"] extends `${string} ${string}`
    ? ReadValue<F> | (F extends { default: unknown } ? never : undefined)
  : boolean;

type ReadValue<F extends Flag> = F extends { read: (text: string) => infer T }
  ? T
  : string;

export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: FlagValue<F[K]>;
};

export interface CommandLineOptions<F extends Flags> {
  readonly flags: F;
  /** The help, with a line `Options:` for the flags. */
  readonly help: string;
  /** The other arguments, by the name of the first. @default none */
  readonly takes?: {
    readonly name: string;
    /** @default {0} */
    readonly min?: number;
    /** @default {Infinity} */
    readonly max?: number;
  };
}

export const COMMON_FLAGS = {
  isDebug: flag("--debug  print the stack trace of an error"),
  isVersion: flag("--version  print the version"),
  isHelp: flag("--help  print this help"),
} as const;

/** Thrown on `--help` and `--version`: `runProgram()` prints the text and exits with 0. */
export class InformationRequest {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Reads a command line. Everything after `--` is positional; no positional is empty.
 * @throws {UsageError} If the line does not match the flags.
 * @throws {InformationRequest} On `--help`, `-h` or `--version`.
 */
export function parseCommandLine<F extends Flags>(
  args: readonly string[],
  { flags: table, help, takes = { name: "", max: 0 } }: CommandLineOptions<F>,
): { readonly flags: FlagValues<F>; readonly positionals: readonly string[] } {
  const flags = Object.values<Flag>({ ...table, ...COMMON_FLAGS });
  const booleans = flags.filter(isBoolean).map(flagName);
  const valued = flags.filter((flag) => !isBoolean(flag)).map(flagName);
  refuseValues(args, booleans);
  const parsed = parseArgs(args, {
    boolean: booleans,
    // Without "_", the name of a file called 1 would become the number 1.
    string: [...valued, "_"],
    collect: valued,
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key === undefined) return;
      const word = `--${argument.replace(/^-+|=.*$/g, "")}`;
      const choices = flags.map((flag) => `--${flagName(flag)}`);
      const unknown = { word, choices };
      throw new UsageError(`unknown flag ${argument}`, { unknown });
    },
  });
  if (parsed.help) {
    const text = `${formatHelp(help, flags)}\n\n${EXIT_CODES_HELP}`;
    throw new InformationRequest(text);
  }
  if (parsed.version) throw new InformationRequest(versionLine());
  const values = Object.entries(table)
    .map(([key, flag]) => [key, readFlag(flag, parsed[flagName(flag)])]);
  const positionals = parsed._.map(String);
  if (positionals.includes("")) throw new UsageError("an argument is empty");
  const { name, min = 0, max = Infinity } = takes;
  const { length } = positionals;
  if (length < min) {
    const missing = name.split(" ").slice(length).join(" and no ");
    throw new UsageError(`no ${missing} is given`);
  }
  if (length > max) {
    throw new UsageError(
      max === 1
        ? `more than one ${name} is given`
        : `unexpected argument ${positionals[max]}`,
    );
  }
  return { flags: Object.fromEntries(values) as FlagValues<F>, positionals };
}

/** The name of a flag: `dir` of `--dir FOLDER`. */
export function flagName({ usage }: Flag): string {
  return usage.split(" ")[0]!.slice(2);
}

function isBoolean({ usage }: Flag): boolean {
  return !usage.includes(" ");
}

const HELP_COLUMNS = 80;

function formatHelp(help: string, flags: readonly Flag[]): string {
  const headings = new Set(flags.flatMap(({ group }) => group ?? []));
  const [last = "Options"] = [...headings].reverse();
  const groups = Map.groupBy(flags, ({ group = last }) => group);
  const indent = 4 + Math.max(...flags.map((flag) => shownUsage(flag).length));
  const lists = [...groups].map(([group, flags]) => {
    const rows = flags.flatMap((flag) =>
      wrap(flag.help, HELP_COLUMNS - indent).map((line, index) =>
        (index === 0 ? `  ${shownUsage(flag)}` : "").padEnd(indent) + line
      )
    );
    return [`${group}:`, ...rows].join("\n");
  });
  return help.trim().replace("Options:", () => lists.join("\n\n"));
}

function shownUsage({ usage }: Flag): string {
  return usage.replace("...", "");
}

/** The lines of a text, at most `width` long unless a word is longer. */
function wrap(text: string, width: number): string[] {
  const line = new RegExp(`\\S.{0,${width - 1}}(?!\\S)|\\S+`, "g");
  return text.split("\n").flatMap((part) =>
    part.length <= width ? [part] : part.match(line)!
  );
}

/** parseArgs() reads `--quiet=anything` as `--quiet`. */
function refuseValues(
  args: readonly string[],
  booleans: readonly string[],
): void {
  for (const argument of args) {
    if (argument === "--") return;
    const name = /^--([^=]+)=/.exec(argument)?.[1];
    if (name !== undefined && booleans.includes(name)) {
      throw new UsageError(`--${name} takes no value`);
    }
  }
}

function readFlag(flag: Flag, value: unknown): unknown {
  if (isBoolean(flag)) return value === true;
  const name = `--${flagName(flag)}`;
  const given = value as string[];
  if (given.includes("")) {
    throw new UsageError(
      `${name} needs a value (write ${name}=VALUE if it begins with a dash)`,
    );
  }
  const isList = flag.usage.endsWith("...");
  if (!isList && given.length > 1) {
    throw new UsageError(`${name} is given twice`);
  }
  const { read = (text) => text } = flag;
  const isWord = flag.read !== undefined && !flag.isFree;
  const values = given.map((text) =>
    readArgument(name, text, (text) => read(isWord ? readWord(text) : text))
  );
  if (isList) return values;
  return values.length === 0 ? flag.default : values[0];
}

/** Reads an argument. @throws {UsageError} It names the argument and the reason. */
export function readArgument<Text, Value>(
  name: string,
  text: Text,
  read: (text: Text) => Value,
): Value {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) {
      throw error;
    }
    const reason = error.message.replace(/^Cannot read (store: )?/, "");
    const unknown = error instanceof UnknownWordError
      ? error.unknown
      : undefined;
    throw new UsageError(`${name}: ${reason}`, { unknown });
  }
}

/** Reads a file that an argument names. @throws {UsageError} The same way. */
export async function readFileArgument<Value>(
  name: string,
  path: string,
  read: (text: string) => Value,
): Promise<Value> {
  const text = await Deno.readTextFile(path).catch((cause) => {
    const reason = cause instanceof Deno.errors.NotFound
      ? "it does not exist"
      : (cause as Error).message;
    throw new UsageError(`${name}: cannot read ${path}: ${reason}`);
  });
  return readArgument(name, text, read);
}

/** Reads whole numbers from `min` to `max`, or throws a `RangeError`. */
export function wholeNumber(
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER
    ? `, ${min} or more`
    : ` from ${min} to ${max}`;
  return (text) => {
    const number = Number(text);
    if (/^[0-9]+$/.test(text) && number >= min && number <= max) return number;
    throw notA(`a whole number${range}`, text);
  };
}

/** Reads one of some words, or throws an {@linkcode UnknownWordError}. */
export function oneOf<Word extends string>(
  ...choices: readonly Word[]
): (text: string) => Word {
  return (text) => {
    const choice = choices.find((choice) => choice === text);
    if (choice !== undefined) return choice;
    throw new UnknownWordError({ word: text, choices });
  };
}

class UnknownWordError extends RangeError {
  readonly unknown: UnknownWord;

  constructor(unknown: UnknownWord) {
    super(notA(unknown.choices.join(" or "), unknown.word).message);
    this.unknown = unknown;
  }
}

/** Reads a port; 0 is any free one. @throws {RangeError} */
export const readPort = wholeNumber(0, 65_535);

/** The answer to `--version`: `lanswarm 0.1.0 (x86_64-unknown-linux-gnu, deno 2.4.2)`. */
export function versionLine(): string {
  return `lanswarm ${VERSION} (${Deno.build.target}, deno ${Deno.version.deno})`;
}
