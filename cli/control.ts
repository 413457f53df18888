/**
 * The programs `pause`, `resume` and `limit`, which control all shares of a machine
 * with its token: the one that is named, or the one that is saved in the folder that
 * is shared from.
 */
import { commandShares, readFolderToken, readToken } from "../lib/machines.ts";
import { FetchError, withoutBrackets } from "../lib/values.ts";
import { invocationOf } from "./command_words.ts";
import { environmentVariable } from "./console.ts";
import {
  flag,
  type FlagValues,
  parseCommandLine,
  readArgument,
  readFileArgument,
} from "./flags.ts";
import { ownNames } from "./lan_addresses.ts";
import { printable, printableJson } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import { ProgramError, UsageError } from "./program_error.ts";
import { formatSize, readRate } from "./quantity.ts";
import { locate, readOrigin } from "./share_origin.ts";

export type CommandName = "pause" | "resume" | "limit";

export const FLAGS = {
  tokenFile: flag(
    "--token-file FILE  file with the token that pause, resume and limit need (default: the environment variable LANSWARM_TOKEN, then .lanswarm/token)",
  ),
  quiet: flag("--quiet  print errors only"),
  json: flag("--json  print one JSON object"),
} as const;

const EFFECTS = {
  pause:
    "Stops all transfers of a machine's shares, on every host, until resume.",
  resume: "Lets the transfers of a machine's shares go on.",
  limit:
    "Limits what all hosts that fetch a machine's shares receive together.",
} as const;

const RATE_HELP = `
  RATE   bytes a second: 10MB/s, 800KiB/s, 5000000; none for no limit`;

function helpOf(name: CommandName, isLimit: boolean): string {
  return `
${EFFECTS[name]}

Usage: ${invocationOf(name)} ${isLimit ? "RATE " : ""}URL
${isLimit ? RATE_HELP : ""}
  URL    the page of the machine that shares: http://192.168.1.10:8000/, or
         192.168.1.10, or lanswarm.local

Options:

It needs the token of the share. On the machine that shares, in the folder that
it shares from, it finds the token in .lanswarm/token. Elsewhere, give a copy by
--token-file or in the environment variable LANSWARM_TOKEN.

Other BitTorrent clients take no commands: the machine that shares serves them
nothing while it pauses.
`;
}

export interface ControlJob extends FlagValues<typeof FLAGS> {
  readonly name: CommandName;
  readonly origin: string;
  /** In bytes a second, of `limit`; 0 for no limit. */
  readonly rate: number;
}

export function parseControlJob(
  name: CommandName,
  args: readonly string[],
): ControlJob {
  const isLimit = name === "limit";
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: helpOf(name, isLimit),
    takes: isLimit
      ? { name: "RATE or URL", max: 2 }
      : { name: "URL", min: 1, max: 1 },
  });
  if (isLimit && positionals.length < 2) {
    throw new UsageError("limit needs RATE and URL");
  }
  const origin = readArgument("URL", positionals.at(-1)!, readOrigin);
  const rate = isLimit ? readArgument("RATE", positionals[0]!, readRate) : 0;
  return { ...flags, name, origin, rate };
}

export function controlProgram(name: CommandName): Program {
  return programOf((args) => parseControlJob(name, args), runControl);
}

export async function runControl(
  job: ControlJob,
  { console, permissions, signal }: JobContext,
): Promise<void> {
  const found = await findToken(job.tokenFile);
  await permissions.keepOnly("net", "sys");
  const { name, rate } = job;
  const origin = await locate(job.origin, signal) ?? job.origin;
  const token = found(origin);
  if (token === undefined) {
    throw new UsageError(
      `no token is known for ${origin}; run this in the folder that is shared from on that machine, or give LANSWARM_TOKEN or --token-file`,
    );
  }
  try {
    const shares = await commandShares(origin, {
      ...{ command: name, token, signal },
      ...name === "limit" && { bytesPerSecond: rate },
    });
    if (job.json) {
      console.writeResult(printableJson({ type: name, shares }));
    } else if (!job.quiet) {
      for (const { name, paused, limitBytesPerSecond } of shares) {
        const limit = limitBytesPerSecond === undefined
          ? "no limit"
          : `at most ${formatSize(limitBytesPerSecond)}/s`;
        const line = `${name}: ${paused ? "paused" : limit}`;
        console.writeResult(printable(line));
      }
    }
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    const text = `cannot ${name}: ${error.message}`;
    throw new ProgramError(text, { cause: error });
  }
}

const VARIABLE = "LANSWARM_TOKEN";

/**
 * The token that a file or the environment names; `undefined` if neither does.
 * @throws {UsageError} If there is no valid token in it.
 */
export async function namedToken(
  file: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined) {
    return await readFileArgument("--token-file", file, readToken);
  }
  const text = environmentVariable(VARIABLE);
  return text === undefined
    ? undefined
    : readArgument(VARIABLE, text, readToken);
}

/**
 * Finds the tokens of a command, before permissions are given up. The one of the
 * current folder is for shares of this machine alone: another must not get it.
 * @returns The token for an origin.
 */
export async function findToken(
  file: string | undefined,
): Promise<(origin: string) => string | undefined> {
  const named = await namedToken(file);
  if (named !== undefined) return () => named;
  const saved = await readFolderToken(".");
  return (origin) => isHere(new URL(origin).hostname) ? saved : undefined;
}

/** True for an address or a name of this machine. */
function isHere(hostname: string): boolean {
  const host = withoutBrackets(hostname).toLowerCase();
  return host === "localhost" || host.startsWith("127.") || host === "::1" ||
    ownNames().some((name) => name.toLowerCase() === host) ||
    Deno.networkInterfaces().some(({ address }) => address === host);
}
