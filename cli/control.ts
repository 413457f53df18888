/**
 * The programs `pause`, `resume` and `limit`, which control all shares of a machine.
 *
 * @module
 */
import { commandShares, FetchError } from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import { findToken, TOKEN_FLAG } from "./control_token.ts";
import { type FlagValues, parseCommandLine, readArgument } from "./flags.ts";
import { printable, printableJson } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  UsageError,
} from "./program_error.ts";
import { formatSize, readRate } from "./quantity.ts";
import { locate, readOrigin } from "./share_origin.ts";

/** The commands. */
export type CommandName = "pause" | "resume" | "limit";

/** The flags of all three. */
export const FLAGS = {
  tokenFile: TOKEN_FLAG,
  quiet: { usage: "--quiet", help: "print errors only" },
  json: { usage: "--json", help: "print one JSON object" },
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

function helpOf(name: CommandName): string {
  const isLimit = name === "limit";
  return `
${EFFECTS[name]}

Usage: ${invocationOf(name)} ${isLimit ? "RATE " : ""}URL
${isLimit ? RATE_HELP : ""}
  URL    the page of the machine that shares: http://192.168.1.10:8000/, or
         192.168.1.10, or lanswarm.local

Options:

It needs the token of the share: from --token-file, from the environment variable
LANSWARM_TOKEN, or, in the folder that is shared from and on the same machine, from
.lanswarm/token. Other BitTorrent clients take no commands: the machine that shares
serves them nothing while it pauses.
`;
}

/** One run of a command; the help describes the fields. */
export interface ControlJob extends FlagValues<typeof FLAGS> {
  readonly name: CommandName;
  /** `http://HOST:PORT` */
  readonly origin: string;
  /** In bytes a second, of `limit`; 0 for no limit. */
  readonly rate: number;
}

/** Reads the command line of a command. @throws {UsageError} */
export function parseControlJob(
  name: CommandName,
  args: readonly string[],
): ControlJob {
  const count = name === "limit" ? 2 : 1;
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: helpOf(name),
    takes: { name: name === "limit" ? "RATE or URL" : "URL", max: count },
  });
  if (positionals.length < count) {
    throw new UsageError(
      name === "limit" ? "limit needs RATE and URL" : "no URL is given",
    );
  }
  return {
    ...{ ...flags, name },
    origin: readArgument("URL", positionals.at(-1)!, readOrigin),
    rate: name === "limit"
      ? readArgument("RATE", positionals[0]!, readRate)
      : 0,
  };
}

/** The program of a command. */
export function controlProgram(name: CommandName): Program {
  return programOf((args) => parseControlJob(name, args), runControl);
}

/** Sends the command of a job. */
export async function runControl(
  job: ControlJob,
  { console, permissions, signal }: JobContext,
): Promise<ExitCode> {
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
      for (const share of shares) {
        console.writeResult(printable(`${share.name}: ${describe(share)}`));
      }
    }
    return EXIT_CODES.done;
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    const { message } = error;
    throw new ProgramError(`cannot ${name}: ${message}`, { cause: error });
  }
}

/** `paused`, `at most 9.5 MiB/s`, `no limit` */
function describe(
  { paused, limitBytesPerSecond }: Awaited<
    ReturnType<typeof commandShares>
  >[number],
): string {
  const limit = limitBytesPerSecond === undefined
    ? "no limit"
    : `at most ${formatSize(limitBytesPerSecond)}/s`;
  return paused ? "paused" : limit;
}
