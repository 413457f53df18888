/**
 * One torrent of a `peer`, `get` or `share`: verifies what is on the disk, shares it,
 * starts again if another program changes a file, and runs the command once it is
 * complete.
 */
import { delay } from "@std/async/delay";
import {
  type LockOptions,
  openTorrentContent,
  type ResumeRecord,
  type Session,
  type SessionEvent,
  type Storage,
  type TorrentContent,
  type TorrentSession,
  type TorrentSnapshot,
  type VerifyProgress,
} from "../lib/peers.ts";
import {
  Bitfield,
  ContentChangedError,
  type JoinedSignal,
  joinSignals,
  openWorkerHasher,
  StorageError,
  type Torrent,
} from "../lib/torrents.ts";
import { CompletionCommands } from "./on_complete.ts";
import { selectionOf } from "./file_choice.ts";
import { untilAborted } from "./interrupt.ts";
import type { PeerDisplay, TorrentState } from "./peer_display.ts";
import type { PeerJob } from "./peer_job.ts";
import type { JobContext } from "./program.ts";
import { describeError, reportError } from "./program_error.ts";

const MAX_RESTART_PAUSE_MS = 300_000;
/** Time without a restart after which the next one is the first. */
const RESTARTS_FORGOTTEN_MS = 2 * MAX_RESTART_PAUSE_MS;

export interface TorrentRunOptions {
  readonly job: PeerJob;
  readonly context: JobContext;
  readonly session: Session;
  readonly display: PeerDisplay;
  /** Proves resume records. @default none */
  readonly recordSecret?: Uint8Array | undefined;
  /** The torrent with the names on the disk. @default {its own names} */
  readonly stored?: Torrent;
  /** Indexes of the files to fetch, unless the job selects some. @default {all} */
  readonly files?: readonly number[] | undefined;
  /** Pieces that this process has verified already. @default {none} */
  readonly verified?: ResumeRecord;
  /** The remedy where `seedOnly` finds something missing. @default {another flag} */
  readonly seedOnlyAdvice?: string;
  /** Locks on the folder. @default {locks, without a warning} */
  readonly locking?: LockOptions;
  /** Called when a torrent is complete, its command included, or has stopped. */
  readonly onSettled: () => void;
}

export class TorrentRun implements TorrentState {
  readonly torrent: Torrent;
  readonly #options: TorrentRunOptions;
  #content: TorrentContent | undefined;
  #transfer: TorrentSession | undefined;
  #verification: VerifyProgress | undefined;
  #restart: Promise<void> | undefined;
  /** Restarts one after another, and when the last one was over or will be. */
  #restarts = { count: 0, endMs: 0 };
  #phase: "working" | "settled" | "stopped" = "working";
  #failure: Error | undefined;
  #commandCode: number | undefined;
  readonly #commands: CompletionCommands;
  /** Gained before the last restart. */
  #gainedBefore = 0;
  readonly #removal = new AbortController();
  /** Aborts with the job, or once the run is removed. */
  readonly #ending: JoinedSignal;

  constructor(torrent: Torrent, options: TorrentRunOptions) {
    this.torrent = torrent;
    this.#options = options;
    this.#ending = joinSignals(options.context.signal, this.#removal.signal);
    this.#commands = new CompletionCommands(torrent, {
      ...options,
      signal: this.#ending.signal,
      onFailed: (error) => this.#report(error),
    });
  }

  get snapshot(): TorrentSnapshot | undefined {
    return this.#transfer?.snapshot();
  }

  /** The transfer, once everything on the disk is verified. */
  get transfer(): TorrentSession | undefined {
    return this.#transfer;
  }

  get verification(): VerifyProgress | undefined {
    return this.#verification;
  }

  /** Bytes and pieces gained so far; a restart does not lower it. */
  get gained(): number {
    const { downloadedBytes = 0, wastedBytes = 0 } = this.snapshot ?? {};
    const checkedCount = this.#verification?.checkedCount ?? 0;
    return this.#gainedBefore + downloadedBytes - wastedBytes + checkedCount;
  }

  /** `settled` if there is only seeding left to do, `stopped` after an error. */
  get phase(): "working" | "settled" | "stopped" {
    return this.#phase;
  }

  /** True if a part of the content is to be fetched only. */
  get isPart(): boolean {
    const { torrent } = this;
    const { pieceCount = torrent.geometry.pieceCount } = this.snapshot ?? {};
    return pieceCount < torrent.geometry.pieceCount;
  }

  /** The last failure, of the command included. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get commandCode(): number | undefined {
    return this.#commandCode;
  }

  /** Verifies what is on the disk and shares it. Reports its failure. */
  async start(): Promise<void> {
    const { job, session, display } = this.#options;
    const { signal } = this.#ending;
    if (signal.aborted) return;
    try {
      const { dir, mustVerify, force, seedOnly } = job;
      // A pure seeder overwrites nothing, and says itself what is missing.
      const overwrite = force || seedOnly;
      const { recordSecret, locking, verified } = this.#options;
      const { stored = this.torrent, context: { console } } = this.#options;
      const selection = selectionOf(this.torrent, job, this.#options);
      const { wanted, pieces, first, firstPieces } = selection;
      const { fdPressure } = session;
      if (job.from.length > 0) {
        display.news(this.torrent, { type: "takingOldFiles" });
      }
      const content = await openTorrentContent(stored, {
        ...{ dir, mustVerify, overwrite, fdPressure, recordSecret, verified },
        ...{ ...locking, wanted, first, from: job.from, signal },
        ...{ isAtomic: job.atomic, mayLink: job.link },
        onWarning: (text) => console.warn(text),
        onTaken: (taken) =>
          display.news(this.torrent, {
            ...{ type: "oldFilesTaken", mayLink: job.link, ...taken },
          }),
      });
      this.#content = content;
      const { storage } = content;
      const have = await this.#verify(content);
      if (seedOnly) this.#requireWhole(have, pieces);
      const named = await content.begin(have);
      const hadContent = have.count > 0 ||
        await holdsContent(this.torrent, storage);
      const transfer = session.addTorrent(this.torrent, {
        storage,
        ...{ have, wanted: pieces, first: firstPieces },
        onEvent: (event) => this.#receive(event, content),
      });
      this.#transfer = transfer;
      const snapshot = transfer.snapshot();
      display.news(this.torrent, { type: "verified", snapshot, hadContent });
      for (const path of named) {
        this.#receive({ type: "fileComplete", path }, content);
      }
      if (transfer.isComplete) this.#settle("settled");
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StorageError)) throw error;
      this.#fail(error, this.#content);
    }
  }

  /** Saves which pieces are verified, for the next start. */
  async saveProgress(): Promise<void> {
    const [content, transfer] = [this.#content, this.#transfer];
    if (transfer !== undefined) await content?.save(() => transfer.have);
  }

  /** The content; `undefined` until it is open, and during a restart. */
  get storage(): Storage | undefined {
    return this.#content?.storage;
  }

  async restarted(): Promise<void> {
    await this.#restart;
  }

  /**
   * Saves which pieces are verified and closes the files. After a signal a slow disk
   * is not waited for: what is not recorded is verified at the next start.
   */
  async close(): Promise<void> {
    this.#ending[Symbol.dispose]();
    const [content, transfer] = [this.#content, this.#transfer];
    const closing = transfer === undefined
      ? content?.[Symbol.asyncDispose]()
      : content?.close(() => transfer.have);
    const { interrupt } = this.#options.context;
    if (interrupt === undefined) await closing;
    else await Promise.race([closing, untilAborted(interrupt.deadline)]);
  }

  /** Shares the torrent no longer, and closes its files. */
  async remove(): Promise<void> {
    this.#removal.abort();
    await this.#restart;
    const transfer = this.#transfer;
    if (transfer !== undefined) {
      await this.#options.session.removeTorrent(transfer);
    }
    await this.close();
  }

  async #verify(content: TorrentContent): Promise<Bitfield> {
    const { display } = this.#options;
    const { signal } = this.#ending;
    const progress = this.#verification = { checkedCount: 0, verifiedCount: 0 };
    display.news(this.torrent, { type: "verifying", progress });
    using hasher = openWorkerHasher();
    const have = await content.verify({
      signal,
      hasher,
      onProgress: (progress) => this.#verification = progress,
    });
    this.#verification = undefined;
    return have;
  }

  /** @throws {StorageError} If a wanted piece is missing or wrong. */
  #requireWhole(have: Bitfield, wanted: Bitfield | undefined): void {
    const { name, geometry: { pieceCount } } = this.torrent;
    const { seedOnlyAdvice = "run without --seed-only to fetch them" } =
      this.#options;
    const missing = (wanted ?? Bitfield.full(pieceCount)).indexes()
      .filter((index) => !have.has(index)).toArray().length;
    if (missing === 0) return;
    throw new StorageError(
      `Cannot seed ${name}: ${missing} of its ${pieceCount} pieces are missing or wrong; ${seedOnlyAdvice}`,
    );
  }

  #receive(event: SessionEvent, content: TorrentContent): void {
    this.#options.display.news(this.torrent, event);
    if (event.type === "completed") void this.#complete(content);
    if (event.type === "fileComplete") this.#commands.runForFile(event.path);
    if (event.type === "storageFailed") this.#fail(event.error, content);
  }

  /** Ends the use of `content`, unless a restart has replaced it already. */
  #fail(error: StorageError, content: TorrentContent | undefined): void {
    if (content !== this.#content) return;
    if (error instanceof ContentChangedError) this.#startAgain(error);
    else this.#stop(error);
  }

  /**
   * Verifies again after another program has changed a file. Repeated restarts come
   * after longer and longer pauses, as that program may never stop.
   */
  #startAgain(change: ContentChangedError): void {
    const isRepeated =
      performance.now() - this.#restarts.endMs < RESTARTS_FORGOTTEN_MS;
    const count = isRepeated ? this.#restarts.count + 1 : 1;
    const restarts = this.#restarts = { count, endMs: Infinity };
    const pauseMs = count === 1
      ? 0
      : Math.min(1000 * 2 ** (count - 2), MAX_RESTART_PAUSE_MS);
    this.#options.context.console.warn(
      `${describeError(change)}; verifying it again${
        count === 1 ? "" : ` in ${pauseMs / 1000} s (restart ${count})`
      }`,
    );
    this.#phase = "working";
    this.#restart = this.#reopen(pauseMs).finally(() => {
      restarts.endMs = performance.now();
    });
  }

  async #reopen(pauseMs: number): Promise<void> {
    const { session } = this.#options;
    const { signal } = this.#ending;
    const [content, transfer] = [this.#content, this.#transfer];
    this.#gainedBefore = this.gained;
    this.#content = this.#transfer = this.#verification = undefined;
    if (transfer !== undefined) await session.removeTorrent(transfer);
    await content?.[Symbol.asyncDispose]();
    await delay(pauseMs, { signal })
      // Aborted: there is nothing to start.
      .catch(() => {});
    await this.start();
  }

  async #complete(content: TorrentContent): Promise<void> {
    try {
      const change = await content.findChange();
      if (change !== undefined) return this.#fail(change, content);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return this.#fail(error, content);
    }
    void this.saveProgress();
    this.#commandCode = await this.#commands.run() ?? this.#commandCode;
    // Unless a change was found meanwhile, and everything is verified again.
    if (content === this.#content) this.#settle("settled");
  }

  #stop(error: StorageError): void {
    this.#verification = undefined;
    this.#report(error);
    this.#settle("stopped");
  }

  #report(error: Error): void {
    reportError(this.#options.context.console, error, this.#options.job);
    this.#failure = error;
  }

  #settle(phase: "settled" | "stopped"): void {
    this.#phase = phase;
    this.#options.onSettled();
  }
}

/** True if anything of a torrent is on the disk, valid or not. */
async function holdsContent(
  torrent: Torrent,
  storage: Storage,
): Promise<boolean> {
  const sum = (ranges: readonly { readonly length: number }[]): number =>
    ranges.reduce((sum, { length }) => sum + length, 0);
  // Padding is never on the disk, but can always be read.
  const padding = torrent.files.filter((file) => file.isPadding);
  return sum(await storage.presentRanges()) > sum(padding);
}
