/**
 * The program `tracker`: runs a tracker until it is told to stop.
 *
 * @module
 */
import {
  ANNOUNCE_INTERVAL,
  DEFAULT_TRACKER_PORT,
  PEER_TIMEOUT,
  type RunningTracker,
  startTracker,
  type StartTrackerOptions,
  type SwarmChange,
  TrackerStartError,
} from "../mod.ts";
import { writeErrorLine, writeLine } from "./console.ts";
import { reportError } from "./error_report.ts";
import { parseCommandLine } from "./flags.ts";
import { Interrupt } from "./interrupt.ts";
import { invocationOf } from "./invocation.ts";
import { lanAddresses } from "./lan_address.ts";
import { runProgram } from "./program.ts";
import { EXIT_CODES, ProgramError, UsageError } from "./program_error.ts";
import {
  changeToJson,
  formatChange,
  formatStart,
  type StartHints,
  trackerUrls,
} from "./tracker_output.ts";

const MAX_PORT = 65535;
/** A day, in seconds. */
const MAX_SECONDS = 86_400;

const FLAGS = {
  host: { type: "text" },
  interval: {
    type: "number",
    default: ANNOUNCE_INTERVAL / 1000,
    min: 1,
    max: MAX_SECONDS,
  },
  "peer-timeout": {
    type: "number",
    default: PEER_TIMEOUT / 1000,
    min: 1,
    max: MAX_SECONDS,
  },
  quiet: { type: "boolean" },
  json: { type: "boolean" },
} as const;

const HELP = `
Runs a BitTorrent tracker: it tells the peers of a torrent of one another.

Usage: tracker [PORT]

  PORT                    port to listen on (${DEFAULT_TRACKER_PORT}; 0 for any free one)
  --host ADDRESS          address to listen on (all, IPv4 and IPv6)
  --interval SECONDS      time between two announces of a peer (${
  ANNOUNCE_INTERVAL / 1000
})
  --peer-timeout SECONDS  silence after which a peer is forgotten (${
  PEER_TIMEOUT / 1000
})
  --quiet                 print the URLs only
  --json                  print one JSON object a line
  --debug                 print stack traces of errors
  --version               print the version
  --help                  print this

Several trackers run side by side on different ports. Peers and counts are kept
in memory: after a restart the peers come back with their next announce.
`;

/** Runs the program until a signal ends it. */
export async function main(args: readonly string[]): Promise<number> {
  const { flags, positionals, isDebug } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
  });
  const port = readPort(positionals);
  const { host, json, quiet } = flags;
  if (flags["peer-timeout"] <= flags.interval) {
    writeErrorLine(
      `warning: peers announce every ${flags.interval} s but are forgotten after ${
        flags["peer-timeout"]
      } s; give a larger --peer-timeout or a smaller --interval`,
    );
  }
  // Listened for before the tracker says that it runs.
  using interrupt = Interrupt.listen("run the tracker");
  await using tracker = start({
    ...(host !== undefined && { hostname: host }),
    port,
    intervalMs: flags.interval * 1000,
    peerTimeoutMs: flags["peer-timeout"] * 1000,
    onChange: quiet ? () => {} : json ? writeJsonChange : writeChange,
    onError: (cause) => {
      const fault = new ProgramError(
        `cannot answer a request: ${cause}; the tracker goes on`,
        { cause },
      );
      reportError(fault, { isDebug });
    },
  });
  const urls = trackerUrls(hostnamesFor(host), tracker.port);
  if (json) writeLine(JSON.stringify({ type: "listening", ...urls }));
  else for (const line of formatStart(urls, hints(quiet))) writeLine(line);
  await interrupt.raised;
  return EXIT_CODES.done;
}

function hints(isQuiet: boolean): StartHints | undefined {
  if (isQuiet) return undefined;
  return { create: invocationOf("create"), peer: invocationOf("peer") };
}

function readPort(positionals: readonly string[]): number {
  const [text, ...rest] = positionals;
  if (rest.length > 0) {
    throw new UsageError(`one PORT is expected, got ${positionals.length}`);
  }
  if (text === undefined) return DEFAULT_TRACKER_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_PORT) {
    throw new UsageError(
      `PORT is ${JSON.stringify(text)}, not a number from 0 to ${MAX_PORT}`,
    );
  }
  return Number(text);
}

function start(options: StartTrackerOptions): RunningTracker {
  try {
    return startTracker(options);
  } catch (error) {
    if (!(error instanceof TrackerStartError)) throw error;
    const advice = error.cause instanceof Deno.errors.AddrInUse
      ? "stop the program that uses it or choose another PORT"
      : "choose another --host or PORT";
    throw new ProgramError(`${error.message}; ${advice}`, { cause: error });
  }
}

/** The addresses to print: the LAN's, or this machine's alone where there is none. */
function hostnamesFor(host: string | undefined): string[] {
  if (host !== undefined && !/^(0\.0\.0\.0|::)$/.test(host)) return [host];
  const hostnames = lanAddresses(Deno.networkInterfaces());
  return hostnames.length > 0 ? hostnames : ["127.0.0.1"];
}

function writeChange(change: SwarmChange): void {
  writeLine(formatChange(change, new Date()));
}

function writeJsonChange(change: SwarmChange): void {
  writeLine(JSON.stringify(changeToJson(change, new Date())));
}

if (import.meta.main) Deno.exit(await runProgram(main));
