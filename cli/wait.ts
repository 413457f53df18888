/**
 * The program `wait`: waits until the hosts of a share are verified, for scripts.
 */
import { delay } from "@std/async/delay";
import {
  fetchRollout,
  fetchRollouts,
  type HostDocument,
  isVerified,
  type RolloutSummary,
} from "../lib/machines.ts";
import { FetchError } from "../lib/values.ts";
import { invocationOf } from "./command_words.ts";
import {
  flag,
  type FlagValues,
  parseCommandLine,
  readArgument,
  wholeNumber,
} from "./flags.ts";
import { TIMEOUT_FLAG } from "./common_flags.ts";
import { printable, printableJson } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import { EXIT_CODES, ProgramError, UsageError } from "./program_error.ts";
import { formatTime } from "./quantity.ts";
import { describeHosts, describeSummaries } from "./host_lines.ts";
import { locate, readOrigin } from "./share_origin.ts";

/** Time between two questions. */
const INTERVAL_MS = 1_000;
/** Time without an answer after which the share is gone. */
const GONE_MS = 10_000;
/** Hosts that are described on stderr at most. */
const MAX_DESCRIBED = 100;

const HELP = `
Waits until every host that a share expects has everything, verified.

Usage: ${invocationOf("wait")} URL

  URL    the page of the machine that shares: http://192.168.1.10:8000/, or
         192.168.1.10, or lanswarm.local

Options:

Ends with 0 when all are verified, with 4 at the --timeout, and with 1 if the
share is gone. At the --timeout, standard output has the names of those that are
missing, one a line, and standard error their states and reasons.
`;

export const FLAGS = {
  timeoutMs: { ...TIMEOUT_FLAG, help: "end with 4 after this time" },
  atLeast: flag(
    "--at-least COUNT  so many verified hosts are enough; must be given if share has no --expect",
    { read: wholeNumber(1) },
  ),
  quiet: flag("--quiet  print errors and missing hosts only"),
  json: flag("--json  print one JSON object at the end"),
} as const;

export interface WaitJob extends FlagValues<typeof FLAGS> {
  readonly origin: string;
}

export const wait: Program = programOf(parseWaitJob, runWait);

export function parseWaitJob(args: readonly string[]): WaitJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "URL", min: 1, max: 1 },
  });
  return { ...flags, origin: readArgument("URL", positionals[0]!, readOrigin) };
}

export async function runWait(
  job: WaitJob,
  { console, permissions, signal }: JobContext,
): Promise<void> {
  await permissions.keepOnly("net", "sys");
  let located: string | undefined;
  const endMs = performance.now() + job.timeoutMs;
  let [answeredMs, lastLine] = [performance.now(), ""];
  let shares: readonly RolloutSummary[] = [];
  const end = async (error: unknown): Promise<never> => {
    const origin = located ?? job.origin;
    await writeMissing({ ...job, origin }, { console, shares });
    throw error;
  };
  const describeAll = (): string =>
    describeSummaries(shares, (share) => neededOf(share, job));
  for (;;) {
    let failure: FetchError | undefined;
    try {
      located ??= await locate(job.origin, signal);
      shares = await fetchRollouts(located ?? job.origin, signal);
      answeredMs = performance.now();
      if (shares.length > 0 && shares.every((share) => isMet(share, job))) {
        if (job.json) {
          const verdict = { isMet: true, missing: [] };
          console.writeResult(printableJson({ type: "verdict", ...verdict }));
        }
        return;
      }
      const line = describeAll();
      if (line !== lastLine && !job.quiet && !job.json) {
        console.writeErrorLine(printable(lastLine = line));
      }
    } catch (error) {
      if (signal.aborted) await end(signal.reason);
      if (!(error instanceof FetchError)) throw error;
      failure = error;
    }
    const nowMs = performance.now();
    if (failure !== undefined && nowMs - answeredMs > GONE_MS) {
      throw new ProgramError(
        `cannot wait on: ${failure.message}; the share has ended, or the URL is wrong`,
        { cause: failure },
      );
    }
    if (nowMs >= endMs) {
      const time = formatTime(job.timeoutMs);
      const state = describeAll() || "nothing shared";
      await end(
        new ProgramError(
          `cannot finish: --timeout of ${time} is over with ${state}`,
          { exitCode: EXIT_CODES.undone },
        ),
      );
    }
    await delay(Math.min(INTERVAL_MS, endMs - nowMs), { signal })
      // Aborted: the next question says so.
      .catch(() => {});
  }
}

/** @throws {UsageError} If nothing says how many hosts are enough. */
function neededOf(
  { name, verdict }: RolloutSummary,
  { atLeast }: WaitJob,
): number {
  const needed = atLeast ?? verdict.needed;
  if (needed !== undefined) return needed;
  const text = `the share ${JSON.stringify(name)} was started without --expect`;
  throw new UsageError(`${text}; say how many hosts with --at-least`);
}

function isMet(share: RolloutSummary, job: WaitJob): boolean {
  return share.verdict.verified >= neededOf(share, job);
}

/** Writes the hosts that are missing, as far as they can still be asked for. */
async function writeMissing(
  job: WaitJob,
  { console, shares }: {
    readonly console: JobContext["console"];
    readonly shares: readonly RolloutSummary[];
  },
): Promise<void> {
  const missing = new Map<string, HostDocument>();
  for (const share of shares.filter((share) => !isMet(share, job))) {
    try {
      const { hosts } = await fetchRollout(job.origin, share.id);
      const named = hosts.filter(({ isExpected }) => isExpected);
      for (const host of named.length > 0 ? named : hosts) {
        if (!isVerified(host)) missing.set(host.name, host);
      }
    } catch (error) {
      // The exit code says that some are missing.
      if (!(error instanceof FetchError)) throw error;
    }
  }
  const names = [...missing.keys()];
  if (job.json) {
    const hosts = [...missing.values()]
      .map(({ name, state, fraction, reason, reasonCode }) => (
        { name, state, fraction, reason, reasonCode }
      ));
    const verdict = { isMet: false, missing: names, hosts };
    return console.writeResult(printableJson({ type: "verdict", ...verdict }));
  }
  for (const name of names) console.writeResult(printable(name));
  const room = { rows: MAX_DESCRIBED, widthOf: console.widthOf };
  for (const line of describeHosts([...missing.values()], room)) {
    console.writeErrorLine(printable(line));
  }
}
