/**
 * Reads command lines strictly, the same for every program: an unknown flag, a
 * flag given twice, and a value that is missing or malformed are each a
 * {@linkcode UsageError} that names the flag. Pure: arguments in, values out.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { createAddressFilter, readWord, VERSION } from "../mod.ts";
import type { HangupAction } from "./interrupt.ts";
import { EXIT_CODES_HELP, UsageError } from "./program_error.ts";
import { readDuration } from "./quantity.ts";

/** A flag of a program. */
export type FlagDefinition =
  & {
    /** Name on the command line. @default {the key of the definition} */
    readonly flag?: string;
    /**
     * A word is trimmed and contains no blank and nothing invisible; free text is read
     * as it is. @default {"word" for lists and where there is a `read`}
     */
    readonly form?: "word" | "free";
  }
  & (
    | { readonly type: "boolean" }
    | {
      readonly type: "text";
      readonly default?: unknown;
      /** Parses the text. @throws {RangeError | SyntaxError} */
      readonly read?: (text: string) => unknown;
    }
    /** Given any number of times. */
    | {
      readonly type: "list";
      /** Checks the texts. @throws {RangeError | SyntaxError} */
      readonly check?: (texts: readonly string[]) => void;
    }
  );

/** A program's flags, by the key of their value. */
export type FlagDefinitions = { readonly [key: string]: FlagDefinition };

/** The type of a flag's value. */
type FlagValue<D extends FlagDefinition> = D extends { type: "boolean" }
  ? boolean
  : D extends { type: "list" } ? readonly string[]
  :
    | (D extends { read: (text: string) => infer T } ? T : string)
    | (D extends { default: unknown } ? never : undefined);

/** The values of a program's flags. */
export type FlagValues<D extends FlagDefinitions> = {
  readonly [K in keyof D]: FlagValue<D[K]>;
};

/** A command line, read. */
export interface CommandLine<D extends FlagDefinitions> {
  readonly flags: FlagValues<D>;
  /** The other arguments, in order; none is empty. */
  readonly positionals: readonly string[];
}

/** Flags that every program has. */
const COMMON_FLAGS = ["help", "version", "debug"];

/**
 * Thrown on `--help` and `--version`: `runProgram()` prints the text and exits
 * with 0.
 */
export class InformationRequest {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Reads a command line. Everything after `--` is positional. `--help` prints `help`
 * and the exit codes.
 * @throws {UsageError} If the line does not match the definitions.
 * @throws {InformationRequest} On `--help`, `-h` or `--version`.
 */
export function parseCommandLine<D extends FlagDefinitions>(
  args: readonly string[],
  options: { readonly flags: D; readonly help: string },
): CommandLine<D> {
  const entries = Object.entries(options.flags).map(([key, definition]) => ({
    key,
    name: definition.flag ?? key,
    definition,
  }));
  const names = (isBoolean: boolean): string[] =>
    entries.filter(({ definition: { type } }) =>
      (type === "boolean") === isBoolean
    ).map(({ name }) => name);
  const booleans = [...names(true), ...COMMON_FLAGS];
  const valued = names(false);
  refuseValues(args, booleans);
  const parsed = parseArgs(args, {
    boolean: booleans,
    // Without "_", the name of a file called 1 would become the number 1.
    string: [...valued, "_"],
    collect: valued,
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key === undefined) return;
      throw new UsageError(`unknown flag ${argument}`);
    },
  });
  if (parsed.help) {
    const text = `${options.help.trim()}\n\n${EXIT_CODES_HELP}`;
    throw new InformationRequest(text);
  }
  if (parsed.version) throw new InformationRequest(versionLine());
  const values = entries.map(({ key, name, definition }) => [
    key,
    readFlag(name, definition, parsed[name]),
  ]);
  const positionals = parsed._.map(String);
  if (positionals.includes("")) throw new UsageError("an argument is empty");
  return {
    flags: Object.fromEntries(values) as FlagValues<D>,
    positionals,
  };
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

function readFlag(
  name: string,
  definition: FlagDefinition,
  value: unknown,
): unknown {
  if (definition.type === "boolean") return value === true;
  const given = value as string[];
  if (given.includes("")) {
    throw new UsageError(
      `--${name} needs a value (write --${name}=VALUE if it begins with a dash)`,
    );
  }
  if (definition.type !== "list" && given.length > 1) {
    throw new UsageError(`--${name} is given twice`);
  }
  const isWord = definition.type === "list" || definition.read !== undefined;
  const { form = isWord ? "word" : "free" } = definition;
  const clean = form === "free" ? (text: string) => text : readWord;
  if (definition.type === "list") {
    const texts = given.map((text) => readArgument(`--${name}`, text, clean));
    readArgument(`--${name}`, texts, definition.check ?? (() => {}));
    return texts;
  }
  const [text] = given;
  if (text === undefined) return definition.default;
  const { read = (text: string) => text } = definition;
  return readArgument(`--${name}`, text, (text) => read(clean(text)));
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
    throw new UsageError(`${name}: ${reason}`);
  }
}

/** Reads whole numbers from `min` to `max`. The function throws a `RangeError`. */
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
    throw new RangeError(
      `${JSON.stringify(text)} is not a whole number${range}`,
    );
  };
}

/** The flags of the programs that listen. */
export const LISTENER_FLAGS = {
  allow: {
    type: "list",
    check: (allow: readonly string[]) => void createAddressFilter({ allow }),
  },
  deny: {
    type: "list",
    check: (deny: readonly string[]) => void createAddressFilter({ deny }),
  },
  onHangup: {
    flag: "on-hangup",
    type: "text",
    read: (text: string): HangupAction => {
      if (text === "ignore" || text === "end") return text;
      throw new RangeError(`${JSON.stringify(text)} is not ignore or end`);
    },
  },
  isDebug: { flag: "debug", type: "boolean" },
  retryForMs: {
    flag: "retry-for",
    type: "text",
    default: 60_000,
    read: readDuration,
  },
} as const;

/** The answer to `--version`: `lanswarm 0.1.0 (x86_64-unknown-linux-gnu, deno 2.4.2)`. */
export function versionLine(): string {
  return `lanswarm ${VERSION} (${Deno.build.target}, deno ${Deno.version.deno})`;
}
