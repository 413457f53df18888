/**
 * The program `tracker`: its command line, and a tracker that runs until a signal ends it.
 */
import { createAddressFilter, readWord, trimText } from "../lib/torrents.ts";
import {
  ANNOUNCE_INTERVAL,
  DEFAULT_TRACKER_PORT,
  openStore,
  openTorrentFolder,
  parseStoreAddress,
  PEER_TIMEOUT,
  type RunningTracker,
  startTracker,
  type StartTrackerOptions,
  type TorrentFolder,
  type TorrentFolderChange,
  TrackerStartError,
} from "../lib/trackers.ts";
import { JSON_FLAG, LISTENER_FLAGS, SERVICE_FLAGS } from "./common_flags.ts";
import { invocationOf, quoted } from "./command_words.ts";
import {
  flag,
  type FlagValues,
  parseCommandLine,
  readArgument,
  readPort,
  wholeNumber,
} from "./flags.ts";
import { untilAborted } from "./interrupt.ts";
import {
  isWildcard,
  lanAddresses,
  listeningAddresses,
  NO_NETWORK,
  ownNames,
  watchAddresses,
} from "./lan_addresses.ts";
import { printable } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import {
  describeError,
  ProgramError,
  reportError,
  UsageError,
} from "./program_error.ts";
import { notA } from "./quantity.ts";
import { isAddressMissing, withRetries } from "./time_limits.ts";
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

export const tracker: Program = programOf(parseTrackerJob, runTracker);

/** Announce interval that many clients keep at least, in seconds. */
const USUAL_MINIMUM_SECONDS = 60;

export async function runTracker(
  job: TrackerJob,
  { console, interrupt, permissions, signal }: JobContext,
): Promise<void> {
  const { host, json, log, peerTimeoutSeconds, quiet, torrentsDir } = job;
  if (interrupt && job.onHangup) interrupt.onHangup = job.onHangup;
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
  const peerTimeoutMs = peerTimeoutSeconds * 1000;
  await using store = await openStore(job.store, {
    peerTimeoutMs,
    random: Math.random,
    onChange: quiet ? undefined : (change) => {
      // With --log, the line for an announce says everything else.
      if (!log || change.type === "expired") write(changeLine(change));
    },
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
    ...job,
    hostname: host,
    intervalMs: job.intervalSeconds && job.intervalSeconds * 1000,
    peerTimeoutMs,
    permits: createAddressFilter(job),
    peerCommand: invocationOf("peer"),
    publicHostname: listeningAddresses(host, lanAddresses)[0],
    pageNames: [...ownNames(), ...job.pageNames],
    catalogue: folder,
    store,
    onAnnounce: log ? (entry) => write(announceLine(entry)) : undefined,
    onError: (cause) => {
      const text = `cannot answer a request: ${cause}; the tracker goes on`;
      reportError(console, new ProgramError(text, { cause }), job);
    },
  };
  const start = (): Promise<RunningTracker> =>
    startTracker(options).catch((error) => {
      throw explainStart(error, "PORT");
    });
  await using tracker = await withRetries(start, {
    ...{ retryForMs: job.retryForMs, signal, console },
    isTemporary: isAddressMissing,
  });
  describeStart(job, { tracker, folder }).forEach(print);
  using watch = isWildcard(host)
    ? watchAddresses((hostnames) => {
      const urls = trackerUrls(hostnames, tracker.port, job);
      const lines = json ? [listeningJson(urls)] : formatStart({ urls });
      lines.forEach(print);
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
  const hostnames = listeningAddresses(host, lanAddresses);
  const urls = trackerUrls(hostnames, tracker.port, { udp });
  const torrentCount = folder?.list().length;
  if (json) return [listeningJson(urls, torrentCount)];
  const path = quoted(torrentsDir ?? "");
  const [create, peer] = [invocationOf("create"), invocationOf("peer")];
  return formatStart({
    urls,
    folder: torrentCount === undefined ? undefined : { path, torrentCount },
    hints: quiet ? undefined : { create, peer },
  }).map(printable);
}

function listeningJson(urls: TrackerUrls, torrents?: number): string {
  return JSON.stringify({ type: "listening", ...urls, torrents });
}

const MAX_SECONDS = 86_400;
const INTERVAL_SECONDS = ANNOUNCE_INTERVAL / 1000;
const TIMEOUT_SECONDS = PEER_TIMEOUT / 1000;

const HELP = `
Runs a BitTorrent tracker: it tells the peers of a torrent about each other.

Usage: ${invocationOf("tracker")} [PORT]

  PORT                    port to listen on, 0 for any free port (default: ${DEFAULT_TRACKER_PORT})

Options:

Several trackers can run side by side, each on a port of its own. After a
restart of the tracker, peers return with their next announce.
`;

export const FLAGS = {
  ...LISTENER_FLAGS,
  udp: flag("--udp  answer over UDP as well, on the same port"),
  intervalSeconds: flag(
    `--interval SECONDS  time between two announces of a peer (default: 10 to ${INTERVAL_SECONDS}, shorter while a swarm is young or incomplete)`,
    { read: wholeNumber(1, MAX_SECONDS) },
  ),
  peerTimeoutSeconds: flag(
    `--peer-timeout SECONDS  forget a peer that has not announced for this time (default: ${TIMEOUT_SECONDS})`,
    { default: TIMEOUT_SECONDS, read: wholeNumber(1, MAX_SECONDS) },
  ),
  store: flag(
    "--store STORE  what is kept or shared beside the peers, which are always in memory (default: memory):\nmemory             nothing\nsqlite:FILE        torrents and their counts\nredis://HOST:PORT  swarms, with other trackers",
    {
      default: "memory",
      isFree: true,
      read: (text: string) => {
        // A file's name may contain blanks. The error does not repeat the text, which
        // may contain a password.
        const store = trimText(text);
        parseStoreAddress(store);
        return store;
      },
    },
  ),
  torrentsDir: flag(
    "--torrents FOLDER  list the .torrent files of this folder, and serve them as /torrents/NAME.torrent; files may come and go",
  ),
  onlyListed: flag(
    "--only-listed  refuse all torrents that are not in that folder",
  ),
  pageNames: flag(
    "--page-name NAME...  answer browsers that open the tracker under this name as well; IP addresses, localhost and this machine's own name need no flag; may be given several times",
    { read: readPageName },
  ),
  trustProxy: flag(
    "--trust-proxy  take a peer's address from the headers of a proxy (Forwarded, X-Forwarded-For, X-Real-IP) or from ip=; safe only if all requests come through the proxy",
  ),
  log: flag("--log  print a line for each announce"),
  quiet: flag(
    "--quiet  print the URLs only; with --log, the announces as well",
  ),
  json: JSON_FLAG,
  ...SERVICE_FLAGS,
} as const;

export interface TrackerJob extends FlagValues<typeof FLAGS> {
  /** 0 for any free port. */
  readonly port: number;
}

export function parseTrackerJob(args: readonly string[]): TrackerJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "PORT", max: 1 },
  });
  if (flags.onlyListed && flags.torrentsDir === undefined) {
    throw new UsageError("--only-listed needs --torrents FOLDER");
  }
  const [text] = positionals;
  const port = text === undefined
    ? DEFAULT_TRACKER_PORT
    : readArgument("PORT", text, (text) => readPort(readWord(text)));
  return { ...flags, port };
}

function readPageName(name: string): string {
  if (/^[a-z\d_]([\w.-]*[\w.])?$/i.test(name)) return name;
  throw notA(
    "a host name such as tracker.example.org (no port; other letters as xn--...)",
    name,
  );
}
