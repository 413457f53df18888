/**
 * The work of `peer`: opens a session, verifies and shares the torrents one after
 * another, and ends when the signal aborts or, if asked to, when everything is
 * complete. The failure of one torrent does not stop the others.
 *
 * @module
 */
import {
  createAddressFilter,
  openSession,
  openWorkerHasher,
  type PieceHasher,
  platformOf,
  type Session,
  type Torrent,
} from "../mod.ts";
import { untilAborted } from "./interrupt.ts";
import { checkDistinct, loadTorrent } from "./load_torrent.ts";
import { createPeerDisplay, type PeerDisplay } from "./peer_display.ts";
import type { PeerJob } from "./peer_job.ts";
import type { JobContext } from "./program.ts";
import { EXIT_CODES, type ExitCode, ProgramError } from "./program_error.ts";
import { TorrentRun } from "./torrent_run.ts";

/** Time between two saves of what is verified of a folder, in milliseconds. */
const SAVE_INTERVAL_MS = 60_000;

/** Shares the torrents that the job names. */
export async function runPeer(
  job: PeerJob,
  context: JobContext,
): Promise<ExitCode> {
  const { console, permissions, signal } = context;
  await permissions.keepOnly(
    ...["read", "write", "net"] as const,
    ...(job.onComplete === undefined ? [] : ["run"] as const),
  );
  const torrents = await Promise.all(
    job.torrents.map((source) => loadTorrent(source, { signal })),
  );
  checkDistinct(torrents, job.torrents, platformOf(Deno.build.os));
  // The network keeps one core busy here, and the system's part of it another.
  // One worker keeps up with any network.
  const maxWorkers = navigator.hardwareConcurrency > 2 ? 1 : 0;
  using hasher = openWorkerHasher({ maxWorkers });
  const session = openListeningSession(job, hasher);
  await using run = new PeerRun(job, {
    context,
    session,
    display: createPeerDisplay(job.output, console),
    torrents,
  });
  await run.untilDone();
  return run.hasFailed ? EXIT_CODES.failed : EXIT_CODES.done;
}

/** What a run is made of. */
interface PeerRunParts {
  readonly context: JobContext;
  readonly session: Session;
  readonly display: PeerDisplay;
  readonly torrents: readonly Torrent[];
}

class PeerRun implements AsyncDisposable {
  readonly #job: PeerJob;
  readonly #parts: PeerRunParts;
  readonly #runs: readonly TorrentRun[];
  readonly #done = Promise.withResolvers<void>();

  constructor(job: PeerJob, parts: PeerRunParts) {
    this.#job = job;
    this.#parts = parts;
    this.#runs = parts.torrents.map((torrent) =>
      new TorrentRun(torrent, {
        ...parts,
        job,
        onSettled: () => this.#endIfDone(),
      })
    );
  }

  /** Whether anything failed that the exit code must report. */
  get hasFailed(): boolean {
    return this.#runs.some((run) => run.hasFailed);
  }

  async untilDone(): Promise<void> {
    const { session, display, context: { signal } } = this.#parts;
    const isTaken = ![0, session.port].includes(this.#job.port);
    display.listening({
      port: session.port,
      takenPort: isTaken ? this.#job.port : undefined,
    });
    const refreshTimer = setInterval(
      () => display.refresh(this.#runs),
      display.refreshMs,
    );
    const saveTimer = setInterval(() => this.#save(), SAVE_INTERVAL_MS);
    try {
      for (const run of this.#runs) await run.start();
      await Promise.race([this.#done.promise, untilAborted(signal)]);
    } finally {
      clearInterval(refreshTimer);
      clearInterval(saveTimer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { session, display } = this.#parts;
    await Promise.all(this.#runs.map((run) => run.restarted()));
    // The session first: it still stores what has arrived, and reports it.
    await session[Symbol.asyncDispose]();
    display.end(this.#runs);
    await Promise.all(this.#runs.map((run) => run.close()));
  }

  /**
   * Saves which files of a folder are complete. A single file that is being
   * written to has no part that could be told from the rest.
   */
  #save(): void {
    for (const run of this.#runs) {
      if (!run.isSettled && run.torrent.isFolder) run.saveProgress();
    }
  }

  #endIfDone(): void {
    const isDone = this.#job.exitWhenComplete &&
      this.#runs.every((run) => run.isSettled);
    if (isDone || this.#runs.every((run) => run.hasStopped)) {
      this.#done.resolve();
    }
  }
}

/**
 * Opens a session on the port and the address that the job names.
 * @throws {ProgramError} If it cannot listen there.
 */
function openListeningSession(job: PeerJob, hasher: PieceHasher): Session {
  const { port, host, maxPeers, networks } = job;
  try {
    return openSession({
      port,
      ...(host !== undefined && { hostname: host }),
      maxPeers,
      permits: createAddressFilter(networks),
      maxUploadBytesPerSecond: job.maxUploadBytesPerSecond,
      maxDownloadBytesPerSecond: job.maxDownloadBytesPerSecond,
      hasher,
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const place = host === undefined ? `port ${port}` : `${host}, port ${port}`;
    throw new ProgramError(
      `cannot listen on ${place}: ${explainListenError(error)}`,
      { cause: error },
    );
  }
}

function explainListenError(error: Error): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "it is taken, and so are the ports after it; choose another --port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address; choose another --host";
  }
  return `${error.message}; choose another --port or --host`;
}
