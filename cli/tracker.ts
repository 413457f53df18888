/**
 * The program `tracker`: runs a tracker until a signal ends it.
 *
 * @module
 */
import {
  createAddressFilter,
  openStore,
  openTorrentFolder,
  parseStoreAddress,
  type RunningTracker,
  startTracker,
  type StartTrackerOptions,
  type SwarmChange,
  type TorrentFolder,
  type TorrentFolderChange,
  TrackerStartError,
} from "../mod.ts";
import { invocationOf, quoted } from "./command_words.ts";
import { setHangupAction, untilAborted } from "./interrupt.ts";
import {
  hostnamesFor,
  isWildcard,
  NO_NETWORK,
  ownNames,
  watchAddresses,
} from "./lan_addresses.ts";
import { printable } from "./printable.ts";
import { isAddressMissing, withRetries } from "./retry.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  reportError,
} from "./program_error.ts";
import { parseTrackerJob, type TrackerJob } from "./tracker_job.ts";
import {
  announceLine,
  changeLine,
  type EventLine,
  formatLine,
  formatStart,
  listingLine,
  type TrackerUrls,
  trackerUrls,
} from "./tracker_output.ts";

/** The program `tracker`. */
export const tracker: Program = programOf(parseTrackerJob, runTracker);

/** Announce interval that many clients keep at least, in seconds. */
const USUAL_MINIMUM_SECONDS = 60;

/** Runs a tracker until the context's signal aborts. */
export async function runTracker(
  job: TrackerJob,
  { console, interrupt, permissions, signal }: JobContext,
): Promise<ExitCode> {
  const { json, log, peerTimeoutSeconds, quiet, torrentsDir } = job;
  setHangupAction(job, interrupt);
  const print = (text: string): void =>
    json ? console.writeResult(text) : console.writeLine(text);
  const write = (line: EventLine): void =>
    print(formatLine(line, { json, time: new Date() }));
  const { intervalSeconds = USUAL_MINIMUM_SECONDS } = job;
  if (peerTimeoutSeconds <= intervalSeconds) {
    console.warn(
      `peers announce every ${intervalSeconds} s but are forgotten after ${peerTimeoutSeconds} s; give a larger --peer-timeout or a smaller --interval`,
    );
  }
  await using store = await openStore(job.store, {
    peerTimeoutMs: peerTimeoutSeconds * 1000,
    random: Math.random,
    ...(!quiet && {
      onChange: (change: SwarmChange) => {
        // With --log, the line for an announce says everything else.
        if (!log || change.type === "expired") write(changeLine(change));
      },
    }),
    onEvent: (event) => {
      if (event.type === "failed") console.warn(describeError(event.error));
      else console.writeErrorLine(`note: ${printable(event.message)}`);
    },
  });
  // An open store needs no files: SQLite holds its own handles.
  const folderPermissions = torrentsDir === undefined ? [] : ["read" as const];
  await permissions.keepOnly("net", "sys", ...folderPermissions);
  const onFolderChange = (change: TorrentFolderChange): void => {
    const { type } = change;
    if (type === "skipped") {
      console.warn(`not listed: ${describeError(change.error)}`);
    } else if (type === "unreadable") {
      console.warn(`the list stays as it is: ${describeError(change.error)}`);
    } else if (!quiet) write(listingLine(type, change.torrent));
  };
  await using folder = torrentsDir === undefined
    ? undefined
    : await openTorrentFolder(torrentsDir, { onChange: onFolderChange });
  const options: StartTrackerOptions = {
    ...optionsOf(job, folder),
    ...(log && { onAnnounce: (entry) => write(announceLine(entry)) }),
    onError: (cause) => {
      const text = `cannot answer a request: ${cause}; the tracker goes on`;
      reportError(console, new ProgramError(text, { cause }), job);
    },
    store,
  };
  await using tracker = await withRetries(() => start(options), {
    ...{ retryForMs: job.retryForMs, signal, console },
    isTemporary: isAddressMissing,
  });
  for (const line of describeStart(job, { tracker, folder })) {
    print(line);
  }
  using watch = isWildcard(job.host)
    ? watchAddresses((hostnames) => {
      const urls = trackerUrls(hostnames, tracker.port, job);
      const lines = json ? [listeningJson(urls)] : formatStart({ urls });
      for (const line of lines) print(line);
    })
    : undefined;
  if (watch?.isLonely) console.warn(NO_NETWORK);
  // A TCP listener answers without the permission for the network.
  const sends = job.udp || parseStoreAddress(job.store).type === "redis";
  await permissions.keepOnly(
    ...(sends ? ["net" as const] : []),
    ...(watch ? ["sys" as const] : []),
    ...folderPermissions,
  );
  await untilAborted(signal);
  return EXIT_CODES.done;
}

function optionsOf(
  job: TrackerJob,
  folder: TorrentFolder | undefined,
): StartTrackerOptions {
  const { host, intervalSeconds } = job;
  return {
    port: job.port,
    ...(host !== undefined && { hostname: host }),
    ...(intervalSeconds !== undefined &&
      { intervalMs: intervalSeconds * 1000 }),
    udp: job.udp,
    trustProxy: job.trustProxy,
    permits: createAddressFilter(job),
    peerTimeoutMs: job.peerTimeoutSeconds * 1000,
    ...(folder !== undefined && { catalogue: folder }),
    onlyListed: job.onlyListed,
    peerCommand: invocationOf("peer"),
    publicHostname: hostnamesFor(host)[0],
    pageNames: [...ownNames(), ...job.pageNames],
  };
}

async function start(options: StartTrackerOptions): Promise<RunningTracker> {
  try {
    return await startTracker(options);
  } catch (error) {
    throw explainStart(error, "PORT");
  }
}

/** The error to report if a tracker cannot start. @param port The argument or flag. */
export function explainStart(error: unknown, port: string): unknown {
  if (!(error instanceof TrackerStartError)) return error;
  const remedy = error.cause instanceof Deno.errors.AddrInUse
    ? `stop the program that uses it or choose another ${port}`
    : `choose another --host or ${port}`;
  return new ProgramError(`${error.message}; ${remedy}`, { cause: error });
}

function describeStart(
  { host, json, quiet, torrentsDir, udp }: TrackerJob,
  { tracker, folder }: {
    readonly tracker: RunningTracker;
    readonly folder: TorrentFolder | undefined;
  },
): string[] {
  const urls = trackerUrls(hostnamesFor(host), tracker.port, { udp });
  const torrentCount = folder?.list().length;
  if (json) return [listeningJson(urls, torrentCount)];
  const path = quoted(torrentsDir ?? "");
  return formatStart({
    urls,
    ...(torrentCount !== undefined && { folder: { path, torrentCount } }),
    ...(!quiet && {
      hints: { create: invocationOf("create"), peer: invocationOf("peer") },
    }),
  }).map(printable);
}

function listeningJson(urls: TrackerUrls, torrents?: number): string {
  return JSON.stringify({ type: "listening", ...urls, torrents });
}
