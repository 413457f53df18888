/**
 * Reads command lines strictly, the same for every program: an unknown flag, a
 * flag given twice, and a value that is missing or malformed are each a
 * {@linkcode UsageError} that names the flag. Pure: arguments in, values out.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { createAddressFilter, VERSION } from "../mod.ts";
import { EXIT_CODES_HELP, UsageError } from "./program_error.ts";
import { parseSize } from "./quantity.ts";

/** A flag of a program: what it holds and what it holds when not given. */
export type FlagDefinition =
  | { readonly type: "boolean" }
  | { readonly type: "text"; readonly default?: string }
  /** Given any number of times. */
  | { readonly type: "list" }
  /** Bytes, with or without a unit: `262144`, `256KiB`, `1MiB`. */
  | { readonly type: "size"; readonly default: number }
  | {
    readonly type: "number";
    readonly default?: number;
    /** Smallest value. @default {0} */
    readonly min?: number;
    /** Largest value. @default {Number.MAX_SAFE_INTEGER} */
    readonly max?: number;
  };

/** A program's flags by name, without the dashes. */
export type FlagDefinitions = { readonly [name: string]: FlagDefinition };

/** The type of a flag's value. */
export type FlagValue<D extends FlagDefinition> = D extends { type: "boolean" }
  ? boolean
  : D extends { type: "size" } | { type: "number"; default: number } ? number
  : D extends { type: "number" } ? number | undefined
  : D extends { type: "list" } ? readonly string[]
  : D extends { default: string } ? string
  : string | undefined;

/** A command line, read. */
export interface CommandLine<D extends FlagDefinitions> {
  readonly flags: { readonly [K in keyof D]: FlagValue<D[K]> };
  /** What is left, in order; never an empty string. */
  readonly positionals: readonly string[];
  /** Whether `--debug` was given. */
  readonly isDebug: boolean;
}

/** What a program's command line may hold. */
export interface CommandLineOptions<D extends FlagDefinitions> {
  readonly flags: D;
  /** What `--help` prints before the exit codes. */
  readonly help: string;
}

/** Flags that every program has; this file and `runProgram()` serve them. */
const COMMON_FLAGS = ["help", "version", "debug"];

/**
 * Thrown on `--help` and `--version`: not a failure, a way out of any depth.
 * `runProgram()` prints the text and ends with exit code 0.
 */
export class InformationRequest {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Reads `args` by `flags`. All after `--` is positional.
 * @throws {UsageError} If the line is not what the definitions say.
 * @throws {InformationRequest} On `--help`, `-h` or `--version`.
 */
export function parseCommandLine<D extends FlagDefinitions>(
  args: readonly string[],
  options: CommandLineOptions<D>,
): CommandLine<D> {
  const entries = Object.entries(options.flags);
  const booleans = entries.filter(([, { type }]) => type === "boolean")
    .map(([name]) => name);
  const valued = entries.filter(([, { type }]) => type !== "boolean")
    .map(([name]) => name);
  refuseValues(args, [...booleans, ...COMMON_FLAGS]);
  const parsed = parseArgs(args, {
    boolean: [...booleans, ...COMMON_FLAGS],
    // "_" keeps a file called 1 from becoming the number 1.
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
  const positionals = parsed._.map(String);
  if (positionals.includes("")) throw new UsageError("an argument is empty");
  const values = entries.map(([name, definition]) => [
    name,
    readFlag(name, definition, parsed[name]),
  ]);
  return {
    flags: Object.fromEntries(values) as CommandLine<D>["flags"],
    positionals,
    isDebug: parsed.debug === true,
  };
}

/** The package would take `--quiet=anything` as `--quiet`. */
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
): boolean | number | string | readonly string[] | undefined {
  if (definition.type === "boolean") return value === true;
  const texts = value as string[];
  if (texts.includes("")) {
    throw new UsageError(
      `--${name} needs a value (one that begins with a dash is written --${name}=VALUE)`,
    );
  }
  if (definition.type === "list") return texts;
  if (texts.length > 1) throw new UsageError(`--${name} is given twice`);
  const text = texts[0];
  if (text === undefined) return definition.default;
  switch (definition.type) {
    case "text":
      return text;
    case "size":
      return readSize(name, text);
    case "number":
      return readNumber(name, definition, text);
    default:
      return definition satisfies never;
  }
}

function readSize(name: string, text: string): number {
  const size = parseSize(text);
  if (size !== undefined) return size;
  throw new UsageError(
    `--${name} is ${
      JSON.stringify(text)
    }, not bytes nor a size as 256KiB or 1MiB`,
  );
}

function readNumber(
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number },
  text: string,
): number {
  const number = Number(text);
  if (!/^[0-9]+$/.test(text) || number < min || number > max) {
    const range = max === Number.MAX_SAFE_INTEGER
      ? `a whole number, ${min} or more`
      : `a whole number from ${min} to ${max}`;
    throw new UsageError(`--${name} is ${JSON.stringify(text)}, not ${range}`);
  }
  return number;
}

/** The values of `--allow` and `--deny`. */
export interface NetworkFlags {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/**
 * The networks among a program's flags, checked.
 * @throws {UsageError} If one is malformed.
 */
export function readNetworks({ allow, deny }: NetworkFlags): NetworkFlags {
  checkNetworks("allow", allow);
  checkNetworks("deny", deny);
  return { allow, deny };
}

function checkNetworks(
  name: keyof NetworkFlags,
  networks: readonly string[],
): void {
  try {
    createAddressFilter({ [name]: networks });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `--${name}: ${error.message.replace(/^Cannot read /, "")}`,
    );
  }
}

/** The answer to `--version`: `lanswarm 0.1.0 (x86_64-unknown-linux-gnu, deno 2.4.2)`. */
export function versionLine(): string {
  return `lanswarm ${VERSION} (${Deno.build.target}, deno ${Deno.version.deno})`;
}
