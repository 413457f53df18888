/**
 * The program `tracker`: runs a tracker until a signal ends it.
 *
 * @module
 */
import {
  type AnnounceEntry,
  createAddressFilter,
  openStore,
  openTorrentFolder,
  parseStoreAddress,
  platformOf,
  type RunningTracker,
  startTracker,
  type StartTrackerOptions,
  type StoreEvent,
  type SwarmChange,
  type TorrentFolder,
  type TorrentFolderChange,
  TrackerStartError,
} from "../mod.ts";
import { invocationOf, quoted } from "./command_words.ts";
import type { Console } from "./console.ts";
import { untilAborted } from "./interrupt.ts";
import { lanAddresses } from "./lan_address.ts";
import { printable, printableJson } from "./printable.ts";
import { type JobContext, type Program, runProgram } from "./program.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  reportError,
} from "./program_error.ts";
import { parseTrackerJob, type TrackerJob } from "./tracker_job.ts";
import {
  announceToJson,
  changeToJson,
  formatAnnounce,
  formatChange,
  formatListing,
  formatStart,
  listingToJson,
  trackerUrls,
} from "./tracker_output.ts";

/** The program `tracker`. */
export const tracker: Program<TrackerJob> = {
  parse: parseTrackerJob,
  run: runTracker,
  handlesSignals: true,
};

/** Runs a tracker until the context's signal aborts. */
export async function runTracker(
  job: TrackerJob,
  { console, permissions, signal }: JobContext,
): Promise<ExitCode> {
  const output = new TrackerOutput(job, console);
  output.warnOfShortTimeout();
  await using store = await openStore(job.store, {
    peerTimeoutMs: job.peerTimeoutSeconds * 1000,
    random: Math.random,
    ...(job.detail === "changes" && {
      onChange: (change: SwarmChange) => output.change(change),
    }),
    onEvent: (event) => output.storeEvent(event),
  });
  // A store that is open needs neither to read nor to write files.
  const folderPermissions = job.torrentsDir === undefined
    ? []
    : ["read" as const];
  await permissions.keepOnly("net", "sys", ...folderPermissions);
  await using folder = job.torrentsDir === undefined
    ? undefined
    : await openTorrentFolder(job.torrentsDir, {
      onChange: (change) => output.folderChange(change),
    });
  await using tracker = await start({
    ...optionsOf(job, folder),
    ...(job.logsAnnounces && {
      onAnnounce: (entry: AnnounceEntry) => output.announce(entry),
    }),
    onError: (cause) => output.fault(cause),
    store,
  });
  output.start(tracker, folder);
  // A TCP listener answers without the permission for the network.
  const dials = job.udp || parseStoreAddress(job.store).type === "redis";
  await permissions.keepOnly(
    ...(dials ? ["net" as const] : []),
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
    trustProxy: job.trustsProxy,
    permits: createAddressFilter(job.networks),
    peerTimeoutMs: job.peerTimeoutSeconds * 1000,
    ...(folder !== undefined && { catalogue: folder }),
    onlyListed: job.onlyListed,
    peerCommand: invocationOf("peer"),
    publicHostname: hostnamesFor(host)[0],
  };
}

async function start(options: StartTrackerOptions): Promise<RunningTracker> {
  try {
    return await startTracker(options);
  } catch (error) {
    if (!(error instanceof TrackerStartError)) throw error;
    const remedy = error.cause instanceof Deno.errors.AddrInUse
      ? "stop the program that uses it or choose another PORT"
      : "choose another --host or PORT";
    throw new ProgramError(`${error.message}; ${remedy}`, { cause: error });
  }
}

/** The addresses to print: those on the LAN, or the loopback address without one. */
function hostnamesFor(
  host: string | undefined,
): readonly [string, ...string[]] {
  if (host !== undefined && !/^(0\.0\.0\.0|::)$/.test(host)) return [host];
  const [first = "127.0.0.1", ...others] = lanAddresses(
    Deno.networkInterfaces(),
  );
  return [first, ...others];
}

/** Announce interval that many clients keep at least, in seconds. */
const USUAL_MINIMUM_SECONDS = 60;

/** Prints what happens, as the job says. */
class TrackerOutput {
  readonly #job: TrackerJob;
  readonly #console: Console;

  constructor(job: TrackerJob, console: Console) {
    this.#job = job;
    this.#console = console;
  }

  warnOfShortTimeout(): void {
    const { intervalSeconds = USUAL_MINIMUM_SECONDS, peerTimeoutSeconds } =
      this.#job;
    if (peerTimeoutSeconds > intervalSeconds) return;
    this.#warn(
      `peers announce every ${intervalSeconds} s but are forgotten after ${peerTimeoutSeconds} s; give a larger --peer-timeout or a smaller --interval`,
    );
  }

  start({ port }: RunningTracker, folder: TorrentFolder | undefined): void {
    const { detail, format, host, torrentsDir, udp } = this.#job;
    const urls = trackerUrls(hostnamesFor(host), port, { udp });
    const torrents = folder?.list().length;
    if (format === "json") {
      return this.#console.writeLine(
        JSON.stringify({ type: "listening", ...urls, torrents }),
      );
    }
    const lines = formatStart({
      urls,
      folder: torrentsDir === undefined ? undefined : {
        path: quoted(torrentsDir, platformOf(Deno.build.os)),
        torrentCount: torrents ?? 0,
      },
      hints: detail === "urls"
        ? undefined
        : { create: invocationOf("create"), peer: invocationOf("peer") },
    });
    for (const line of lines) this.#console.writeLine(printable(line));
  }

  change(change: SwarmChange): void {
    // The line for an announce says everything else.
    if (this.#job.logsAnnounces && change.type !== "expired") return;
    this.#write(
      (now) => formatChange(change, now),
      (now) => changeToJson(change, now),
    );
  }

  announce(entry: AnnounceEntry): void {
    this.#write(
      (now) => formatAnnounce(entry, now),
      (now) => announceToJson(entry, now),
    );
  }

  folderChange(change: TorrentFolderChange): void {
    switch (change.type) {
      case "listed":
      case "unlisted": {
        if (this.#job.detail === "urls") return;
        const { type, torrent } = change;
        return this.#write(
          (now) => formatListing(type, torrent, now),
          (now) => listingToJson(type, torrent, now),
        );
      }
      case "skipped":
        return this.#warn(`not listed: ${describeError(change.error)}`);
      case "unreadable":
        return this.#warn(
          `what was listed stays so: ${describeError(change.error)}`,
        );
      default:
        return change satisfies never;
    }
  }

  storeEvent(event: StoreEvent): void {
    switch (event.type) {
      case "failed":
        return this.#warn(describeError(event.error));
      case "recovered":
        return this.#console.writeErrorLine(
          `note: ${printable(event.message)}`,
        );
      default:
        return event satisfies never;
    }
  }

  fault(cause: unknown): void {
    const error = new ProgramError(
      `cannot answer a request: ${cause}; the tracker goes on`,
      { cause },
    );
    reportError(this.#console, error, this.#job);
  }

  #write(text: (now: Date) => string, json: (now: Date) => unknown): void {
    const now = new Date();
    this.#console.writeLine(
      this.#job.format === "json"
        ? printableJson(json(now))
        : printable(text(now)),
    );
  }

  #warn(text: string): void {
    this.#console.writeErrorLine(`warning: ${text}`);
  }
}

if (import.meta.main) Deno.exit(await runProgram(tracker));
