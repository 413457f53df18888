/**
 * One torrent of a `peer`: verifies what is on the disk, shares it, starts again
 * if another program changes a file, and runs the command once it is complete.
 *
 * @module
 */
import {
  type Bitfield,
  ContentChangedError,
  openTorrentContent,
  openWorkerHasher,
  type Session,
  type SessionEvent,
  type Storage,
  StorageError,
  type Torrent,
  type TorrentContent,
  type TorrentSession,
  type TorrentSnapshot,
  type VerifyProgress,
} from "../mod.ts";
import { runCompletionCommand } from "./completion_command.ts";
import type { PeerDisplay } from "./peer_display.ts";
import type { PeerJob } from "./peer_job.ts";
import type { JobContext } from "./program.ts";
import { describeError, ProgramError, reportError } from "./program_error.ts";

/** What a torrent is shared with. */
export interface TorrentRunOptions {
  readonly job: PeerJob;
  readonly context: JobContext;
  readonly session: Session;
  readonly display: PeerDisplay;
  /** Called when the torrent is complete, its command included, or has stopped. */
  readonly onSettled: () => void;
}

/** One torrent that is shared. */
export class TorrentRun {
  readonly torrent: Torrent;
  readonly #options: TorrentRunOptions;
  #content: TorrentContent | undefined;
  #transfer: TorrentSession | undefined;
  #verification: VerifyProgress | undefined;
  #restart: Promise<void> | undefined;
  #isSettled = false;
  #hasStopped = false;
  #hasFailed = false;

  constructor(torrent: Torrent, options: TorrentRunOptions) {
    this.torrent = torrent;
    this.#options = options;
  }

  /** The state of the transfer; `undefined` until the content is verified. */
  get snapshot(): TorrentSnapshot | undefined {
    return this.#transfer?.snapshot();
  }

  /** Progress of the verification under way or, at the end, interrupted. */
  get verification(): VerifyProgress | undefined {
    return this.#verification;
  }

  /** Whether there is nothing left to do but to seed. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether an error stopped the torrent. */
  get hasStopped(): boolean {
    return this.#hasStopped;
  }

  /** Whether anything failed, the command included. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Verifies what is on the disk and shares it. Failures are reported. */
  async start(): Promise<void> {
    const { job, context: { signal }, session, display } = this.#options;
    if (signal.aborted) return;
    try {
      const { dir, mustVerify } = job;
      const { fdPressure } = session;
      this.#content = await openTorrentContent(
        this.torrent,
        { dir, mustVerify, fdPressure },
      );
      const { storage } = this.#content;
      const have = await this.#verify(this.#content);
      const hadContent = have.count > 0 ||
        await holdsContent(this.torrent, storage);
      this.#transfer = session.addTorrent(this.torrent, {
        storage,
        have,
        onEvent: (event) => this.#receive(event),
      });
      const snapshot = this.#transfer.snapshot();
      display.found({ torrent: this.torrent, snapshot, hadContent });
      if (this.#transfer.isComplete) this.#settle();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StorageError)) throw error;
      this.#stop(error);
    }
  }

  /** Waits until a restart under way is over. */
  async restarted(): Promise<void> {
    await this.#restart;
  }

  /** Saves which pieces are verified, so that the next start need not read them. */
  saveProgress(): void {
    const transfer = this.#transfer;
    if (transfer !== undefined) {
      void this.#content?.noteDown(() => transfer.have);
    }
  }

  /** Saves which pieces are verified and closes the files. */
  async close(): Promise<void> {
    const [content, transfer] = [this.#content, this.#transfer];
    if (transfer === undefined) return await content?.[Symbol.asyncDispose]();
    await content?.close(() => transfer.have);
  }

  async #verify(content: TorrentContent): Promise<Bitfield> {
    const { display, context: { signal } } = this.#options;
    this.#verification = { checkedCount: 0, verifiedCount: 0 };
    display.verifying({
      torrent: this.torrent,
      progress: this.#verification,
    });
    using hasher = await openWorkerHasher();
    const have = await content.verify({
      signal,
      hasher,
      onProgress: (progress) => this.#verification = progress,
    });
    this.#verification = undefined;
    return have;
  }

  #receive(event: SessionEvent): void {
    this.#options.display.event(this.torrent, event);
    if (event.type === "completed") void this.#complete();
    else if (event.type === "storageFailed") {
      if (event.error instanceof ContentChangedError) {
        this.#startAgain(event.error);
      } else this.#stop(event.error);
    }
  }

  /** Verifies everything again after another program has changed a file. */
  #startAgain(change: ContentChangedError): void {
    if (this.#restart !== undefined) return;
    this.#options.context.console.writeErrorLine(
      `warning: ${describeError(change)}; it is verified again`,
    );
    this.#isSettled = false;
    this.#restart = this.#reopen().finally(() => this.#restart = undefined);
  }

  async #reopen(): Promise<void> {
    const [content, transfer] = [this.#content, this.#transfer];
    this.#content = this.#transfer = undefined;
    await this.#options.session.removeTorrent(transfer!);
    await content?.[Symbol.asyncDispose]();
    await this.start();
  }

  async #complete(): Promise<void> {
    const { onComplete, dir, output } = this.#options.job;
    try {
      const change = await this.#content!.findChange();
      if (change !== undefined) return this.#startAgain(change);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return this.#stop(error);
    }
    this.saveProgress();
    if (onComplete !== undefined) {
      // The command writes to the same terminal.
      using _ = this.#options.context.console.suspendBlock();
      try {
        await runCompletionCommand(onComplete, {
          torrent: this.torrent,
          dir,
          stdout: output === "json" ? "null" : "inherit",
        });
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error;
        this.#report(error);
      }
    }
    this.#settle();
  }

  #stop(error: StorageError): void {
    this.#verification = undefined;
    this.#report(error);
    this.#hasStopped = true;
    this.#settle();
  }

  #report(error: Error): void {
    reportError(this.#options.context.console, error, this.#options.job);
    this.#hasFailed = true;
  }

  #settle(): void {
    this.#isSettled = true;
    this.#options.onSettled();
  }
}

/** Whether anything of a torrent is on the disk, verified or not. */
async function holdsContent(
  torrent: Torrent,
  storage: Storage,
): Promise<boolean> {
  // Padding is never on the disk, but can always be read.
  const paddingLength = lengthOf(
    torrent.files.filter((file) => file.isPadding),
  );
  return lengthOf(await storage.presentRanges()) > paddingLength;
}

function lengthOf(ranges: readonly { readonly length: number }[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}
