/**
 * The program `tracker`: runs a tracker until it is told to stop.
 *
 * @module
 */
import {
  type AnnounceEntry,
  createAddressFilter,
  parseStoreAddress,
  platformOf,
  type RunningTracker,
  startTracker,
  type StartTrackerOptions,
  type SwarmChange,
  type TorrentFolder,
  TrackerStartError,
} from "../mod.ts";
import { writeErrorLine, writeLine } from "./console.ts";
import { reportError } from "./error_report.ts";
import { Interrupt } from "./interrupt.ts";
import { invocationOf } from "./invocation.ts";
import { lanAddresses } from "./lan_address.ts";
import { giveUp } from "./permissions.ts";
import { printable } from "./printable.ts";
import { runProgram } from "./program.ts";
import { EXIT_CODES, ProgramError } from "./program_error.ts";
import { quoted } from "./quoted.ts";
import { openServedFolder } from "./served_folder.ts";
import {
  parseTrackerArguments,
  type TrackerArguments,
} from "./tracker_arguments.ts";
import {
  announceToJson,
  changeToJson,
  formatAnnounce,
  formatChange,
  formatStart,
  trackerUrls,
} from "./tracker_output.ts";
import { openTrackerStore } from "./tracker_store.ts";

/** Runs the program until a signal ends it. */
export async function main(args: readonly string[]): Promise<number> {
  const request = parseTrackerArguments(args);
  warnOfShortTimeout(request);
  // Listened for before the tracker says that it runs.
  using interrupt = Interrupt.listen("run the tracker");
  await using store = await openTrackerStore(request, changeWriter(request));
  await giveUpUnused(request);
  await using folder = request.torrentsDir === undefined
    ? undefined
    : await openServedFolder(request.torrentsDir, request);
  await using tracker = await start({
    ...optionsOf(request, folder),
    store,
  });
  tellStart(request, tracker, folder);
  await giveUpUsed(request);
  await interrupt.raised;
  return EXIT_CODES.done;
}

/**
 * What the command line has no use for is given up before the first stranger
 * calls. A store that is open needs neither to read nor to write any more.
 */
async function giveUpUnused(request: TrackerArguments): Promise<void> {
  await giveUp("write");
  if (request.torrentsDir === undefined) await giveUp("read");
}

/**
 * What was needed for the start alone. Who listens already answers callers
 * without the right to; datagrams are not sent without it.
 */
async function giveUpUsed({ udp, store }: TrackerArguments): Promise<void> {
  await giveUp("sys");
  const calls = udp || parseStoreAddress(store).type === "redis";
  if (!calls) await giveUp("net");
}

/** What the library is told of the command line. */
function optionsOf(
  request: TrackerArguments,
  folder: TorrentFolder | undefined,
): StartTrackerOptions {
  const { port, host, networks, intervalSeconds, peerTimeoutSeconds, isDebug } =
    request;
  return {
    port,
    ...(host !== undefined && { hostname: host }),
    ...(intervalSeconds !== undefined &&
      { intervalMs: intervalSeconds * 1000 }),
    udp: request.udp,
    trustProxy: request.trustsProxy,
    ...(request.logsAnnounces && { onAnnounce: announceWriter(request) }),
    permits: createAddressFilter(networks),
    peerTimeoutMs: peerTimeoutSeconds * 1000,
    ...(folder !== undefined && { catalogue: folder }),
    onlyListed: request.onlyListed,
    peerCommand: invocationOf("peer"),
    publicHostname: hostnamesFor(host)[0],
    onError: (cause) => {
      const fault = new ProgramError(
        `cannot answer a request: ${cause}; the tracker goes on`,
        { cause },
      );
      reportError(fault, { isDebug });
    },
  };
}

/** Seconds that many clients let pass between two announces, whatever they are told. */
const USUAL_MINIMUM_SECONDS = 60;

function warnOfShortTimeout(
  { intervalSeconds = USUAL_MINIMUM_SECONDS, peerTimeoutSeconds }:
    TrackerArguments,
): void {
  if (peerTimeoutSeconds > intervalSeconds) return;
  writeErrorLine(
    `warning: peers announce every ${intervalSeconds} s but are forgotten after ${peerTimeoutSeconds} s; give a larger --peer-timeout or a smaller --interval`,
  );
}

function tellStart(
  { detail, format, host, torrentsDir, udp }: TrackerArguments,
  { port }: RunningTracker,
  folder: TorrentFolder | undefined,
): void {
  const urls = trackerUrls(hostnamesFor(host), port, { udp });
  const torrentCount = folder?.list().length ?? 0;
  if (format === "json") {
    const torrents = folder && torrentCount;
    return writeLine(JSON.stringify({ type: "listening", ...urls, torrents }));
  }
  const lines = formatStart({
    urls,
    folder: torrentsDir === undefined ? undefined : {
      path: quoted(torrentsDir, platformOf(Deno.build.os)),
      torrentCount,
    },
    hints: detail === "urls"
      ? undefined
      : { create: invocationOf("create"), peer: invocationOf("peer") },
  });
  for (const line of lines) writeLine(printable(line));
}

/** Who writes what changes; nobody where nobody wants to read it. */
function changeWriter(
  { detail, format, logsAnnounces }: TrackerArguments,
): ((change: SwarmChange) => void) | undefined {
  if (detail === "urls") return undefined;
  const write = format === "json"
    ? (change: SwarmChange) =>
      writeLine(JSON.stringify(changeToJson(change, new Date())))
    : (change: SwarmChange) => writeLine(formatChange(change, new Date()));
  // Of all else the announces tell themselves.
  return logsAnnounces
    ? (change) => change.type === "expired" && write(change)
    : write;
}

function announceWriter(
  { format }: TrackerArguments,
): (entry: AnnounceEntry) => void {
  return format === "json"
    ? (entry) => writeLine(JSON.stringify(announceToJson(entry, new Date())))
    : (entry) => writeLine(formatAnnounce(entry, new Date()));
}

async function start(options: StartTrackerOptions): Promise<RunningTracker> {
  try {
    return await startTracker(options);
  } catch (error) {
    if (!(error instanceof TrackerStartError)) throw error;
    const advice = error.cause instanceof Deno.errors.AddrInUse
      ? "stop the program that uses it or choose another PORT"
      : "choose another --host or PORT";
    throw new ProgramError(`${error.message}; ${advice}`, { cause: error });
  }
}

/** The addresses to print: the LAN's, or this machine's alone where there is none. */
function hostnamesFor(
  host: string | undefined,
): readonly [string, ...string[]] {
  if (host !== undefined && !/^(0\.0\.0\.0|::)$/.test(host)) return [host];
  const [first = "127.0.0.1", ...others] = lanAddresses(
    Deno.networkInterfaces(),
  );
  return [first, ...others];
}

if (import.meta.main) Deno.exit(await runProgram(main));
