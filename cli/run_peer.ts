/**
 * Runs a peer: opens a session, verifies and shares the torrents one after another,
 * and ends when the signal aborts or, if asked to, when everything is complete. The
 * failure of one torrent does not stop the others.
 */
import {
  LockOwners,
  openRecordSecret,
  openSession,
  type Session,
} from "../lib/peers.ts";
import {
  createAddressFilter,
  joinSignals,
  openWorkerHasher,
  type PeerAddress,
  type PieceHasher,
  StorageError,
  type Torrent,
} from "../lib/torrents.ts";
import { type Console, JobOutput } from "./console.ts";
import { untilAborted } from "./interrupt.ts";
import { loadTorrents, type LoadTorrentsOptions } from "./load_torrent.ts";
import { createPeerDisplay, type PeerDisplay } from "./peer_display.ts";
import type { PeerJob } from "./peer_job.ts";
import type { JobContext } from "./program.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
  exitCodeOf,
  ProgramError,
  reportError,
} from "./program_error.ts";
import {
  isAddressMissing,
  openTimeLimits,
  withRetries,
} from "./time_limits.ts";
import { TorrentRun, type TorrentRunOptions } from "./torrent_run.ts";

/** Time between two saves of the verified pieces of folders. */
const SAVE_INTERVAL_MS = 60_000;

export interface PeerTorrent {
  readonly torrent: Torrent;
  /** Peers that are known to have it. @default none */
  readonly peers?: readonly PeerAddress[];
  /** In place of the options that all torrents of the job have. */
  readonly options?: Partial<TorrentRunOptions>;
}

export interface LoadOptions extends LoadTorrentsOptions {
  readonly console: Console;
  /** Opens the session of the job, once. */
  readonly openSession: () => Promise<Session>;
  /** Proves resume records. */
  readonly recordSecret: Uint8Array | undefined;
  /** Ends the run of a torrent. */
  readonly release: (torrent: Torrent) => Promise<void>;
}

/** Parts in which `get` and `share` differ from `peer`. */
export interface PeerParts {
  /** Yields groups of torrents; each group has started when the next is asked for. */
  readonly load: (
    options: LoadOptions,
  ) => AsyncGenerator<readonly PeerTorrent[], undefined, undefined>;
  readonly createDisplay: (output: JobOutput) => PeerDisplay;
  /** Called when a torrent is settled or has stopped. */
  readonly onSettled: (run: TorrentRun, session: Session) => void;
  /** Called when a torrent starts, before its content is verified. @default nothing */
  readonly onStarted?: (run: TorrentRun, session: Session) => void;
}

/** Shares the torrents that the job names, until the signal or a limit of time ends it. */
export async function runPeer(
  job: PeerJob,
  context: JobContext,
  parts?: PeerParts,
): Promise<ExitCode> {
  const { interrupt } = context;
  if (interrupt && job.onHangup) interrupt.onHangup = job.onHangup;
  const work: Work = { runs: [], isLoading: true, loadFailure: undefined };
  using limits = openTimeLimits({ ...job, progress: () => progressOf(work) });
  using joined = joinSignals(context.signal, limits.signal);
  const { signal } = joined;
  try {
    await shareUntil(job, { ...context, signal }, { work, ...parts });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
  if (work.runs.some(({ failure }) => failure !== undefined)) {
    return EXIT_CODES.failed;
  }
  const isStopped = signal.aborted && !isComplete(work);
  // Without the flag, a stop that was asked for is what was to be done.
  const mustFinish = limits.signal.aborted || job.exitWhenComplete;
  if (isStopped && mustFinish) throw signal.reason;
  return work.loadFailure ?? EXIT_CODES.done;
}

interface Work {
  readonly runs: TorrentRun[];
  /** True until every torrent file is loaded or cannot be. */
  isLoading: boolean;
  /** The exit code for the first torrent file that cannot be loaded. */
  loadFailure: ExitCode | undefined;
}

/** True if nothing is left to do but to seed. */
function isComplete({ isLoading, runs }: Work): boolean {
  return !isLoading && runs.length > 0 &&
    runs.every(({ phase }) => phase === "settled");
}

/** True if the job ends, without a signal. */
function isDone({ isLoading, runs }: Work, job: PeerJob): boolean {
  return !isLoading && job.watch === undefined &&
    runs.every(({ phase }) =>
      phase === "stopped" || (job.exitWhenComplete && phase === "settled")
    );
}

/** A number that grows with everything gained; `undefined` if nothing is missing. */
function progressOf({ isLoading, runs }: Work): number | undefined {
  // A torrent whose command of `--on-complete` runs lacks nothing.
  const isMissing = ({ phase, snapshot }: TorrentRun): boolean =>
    phase !== "settled" && snapshot?.state !== "seeding";
  if (!isLoading && runs.length > 0 && !runs.some(isMissing)) return undefined;
  // Nothing can arrive until it is resumed.
  if (runs.some(({ snapshot }) => snapshot?.isPaused)) return undefined;
  return runs.reduce((sum, { phase, gained }) => {
    return sum + gained + (phase === "working" ? 0 : 1);
  }, 0);
}

/** Shares the torrents, with a run for each, until it is done or the signal aborts. */
async function shareUntil(
  job: PeerJob,
  context: JobContext,
  { work, ...own }: { readonly work: Work } & Partial<PeerParts>,
): Promise<void> {
  const { console, permissions, signal } = context;
  const recordSecret = await openSecret(job, console);
  const kept: Deno.PermissionName[] = ["read", "net", "sys"];
  if (job.onComplete ?? job.onFile) kept.push("run");
  await permissions.keepOnly(...kept, "write");
  const waiting = { retryForMs: job.retryForMs, signal, console };
  const { runs } = work;
  using output = new JobOutput(job, console);
  const display = (own.createDisplay ?? createPeerDisplay)(output);
  // The network keeps one core busy here, and the system's part of it another.
  const maxWorkers = navigator.hardwareConcurrency > 2 ? 2 : 0;
  using hasher = openWorkerHasher({ maxWorkers, onSpareCore: true });
  await using opened = new AsyncDisposableStack();
  let opening: Promise<Session> | undefined;
  const openOnce = (): Promise<Session> =>
    opening ??= withRetries(() => openListeningSession(job, hasher), {
      ...waiting,
      isTemporary: isAddressMissing,
    }).then((session) => opened.use(session));
  // Once is enough: each request that is not answered keeps a thread.
  const locking = {
    lock: true,
    lockOwners: new LockOwners(),
    onNoLock: (reason: string): void => {
      locking.lock = false;
      console.warn(reason);
    },
  };
  const done = Promise.withResolvers<void>();
  const endIfDone = (): void => {
    if (isDone(work, job)) done.resolve();
  };
  const start = async (
    { torrent, peers = [], options }: PeerTorrent,
    session: Session,
  ): Promise<void> => {
    const run: TorrentRun = new TorrentRun(torrent, {
      ...{ job, context, session, display, recordSecret, locking },
      ...options,
      onSettled: () => {
        endIfDone();
        own.onSettled?.(run, session);
      },
    });
    runs.push(run);
    own.onStarted?.(run, session);
    await run.start();
    run.transfer?.addPeers(peers);
  };
  const release = async (torrent: Torrent): Promise<void> => {
    const place = runs.findIndex((run) => run.torrent === torrent);
    const [run] = runs.splice(place, 1);
    await run!.remove();
    display.released?.(torrent);
  };
  const { watch } = job;
  async function* load(
    options: LoadOptions,
  ): ReturnType<PeerParts["load"]> {
    if (watch === undefined) return yield* loadTorrents(job.torrents, options);
    const { watchTorrents } = await import("./watch_folder.ts");
    yield* watchTorrents(watch, options);
  }
  const groups = (own.load ?? load)({
    ...{ ...waiting, recordSecret, dir: job.dir },
    permits: createAddressFilter(job),
    openSession: openOnce,
    release,
    report: (line) => output.line(line),
    onFailed: (error) => {
      reportError(console, error, job);
      work.loadFailure ??= exitCodeOf(error);
    },
  });
  const finishLoading = async (): Promise<void> => {
    if (!work.isLoading) return;
    work.isLoading = false;
    endIfDone();
    if (!job.seedOnly) return;
    // The records of what was verified are the last files that it writes.
    await Promise.all(runs.map((run) => run.saveProgress()));
    await permissions.keepOnly(...kept);
  };
  const timers = [
    setInterval(() => display.refresh(runs), output.refreshMs),
    setInterval(() => {
      // A single file is not complete before its torrent is.
      for (const run of runs) {
        const isChanging = run.phase === "working" && run.torrent.isFolder;
        if (isChanging) void run.saveProgress();
      }
    }, SAVE_INTERVAL_MS),
  ];
  let isListening = false;
  try {
    for await (const group of groups) {
      const session = await openOnce();
      if (!isListening) {
        isListening = true;
        const isTaken = ![0, session.port].includes(job.port);
        display.listening(session.port, isTaken ? job.port : undefined);
        if (watch !== undefined) output.line(`watching ${watch}`);
      }
      for (const torrent of group) await start(torrent, session);
      if (watch !== undefined) await finishLoading();
    }
    await finishLoading();
    await Promise.race([done.promise, untilAborted(signal)]);
  } finally {
    for (const timer of timers) clearInterval(timer);
    if (opening !== undefined) output.leaving();
    await Promise.all(runs.map((run) => run.restarted()));
    // The session first: it still stores what has arrived, and reports it.
    await opened.disposeAsync();
    display.end(runs);
    await Promise.all(runs.map((run) => run.close()));
  }
}

/** The secret of this user for resume records; `undefined` after a warning. */
async function openSecret(
  { stateDir }: Pick<PeerJob, "stateDir">,
  console: Console,
): Promise<Uint8Array | undefined> {
  try {
    return await openRecordSecret(stateDir);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const reason = describeError(error);
    console.warn(
      `everything on the disk is hashed at each start: ${reason}; or give --state FOLDER`,
    );
    return undefined;
  }
}

/**
 * Opens a session on the port and the address that the job names.
 * @throws {ProgramError} If it cannot listen there.
 */
function openListeningSession(job: PeerJob, hasher: PieceHasher): Session {
  const { port, host } = job;
  try {
    return openSession({
      ...job,
      hostname: host,
      permits: createAddressFilter(job),
      localDiscovery: !job.noDiscovery,
      hasher,
    });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const place = host === undefined ? `port ${port}` : `${host}, port ${port}`;
    const reason = cause instanceof Deno.errors.AddrInUse
      ? "it is taken, and so are the ports after it; choose another --port"
      : cause instanceof Deno.errors.AddrNotAvailable
      ? "this machine has no such address; choose another --host"
      : `${cause.message}; choose another --port or --host`;
    throw new ProgramError(`cannot listen on ${place}: ${reason}`, { cause });
  }
}
