/**
 * The work of `peer`: verify what is there, fetch what is not, share it all,
 * until somebody ends it or, where that is asked for, everything is complete.
 * One torrent's failure leaves the others alone.
 *
 * @module
 */
import {
  type Bitfield,
  ContentChangedError,
  openTorrentContent,
  openWorkerHasher,
  platformOf,
  type Session,
  type SessionEvent,
  type Storage,
  StorageError,
  type Torrent,
  type TorrentContent,
  type TorrentSession,
} from "../mod.ts";
import { runCompletionCommand } from "./completion_command.ts";
import { checkDistinct } from "./distinct_torrents.ts";
import { writeErrorLine } from "./console.ts";
import { describeError, reportError } from "./error_report.ts";
import { Interrupt } from "./interrupt.ts";
import { openListeningSession } from "./listening_session.ts";
import { loadTorrent } from "./load_torrent.ts";
import type { PeerArguments } from "./peer_arguments.ts";
import {
  createPeerDisplay,
  type PeerDisplay,
  type Standing,
} from "./peer_display.ts";
import { giveUp } from "./permissions.ts";
import type { Verification } from "./peer_output.ts";
import { EXIT_CODES, type ExitCode, ProgramError } from "./program_error.ts";

/** Shares what `request` names; the exit code. */
export async function shareTorrents(request: PeerArguments): Promise<ExitCode> {
  // What the command line has no use for is given up before the first stranger
  // is heard.
  if (request.onComplete === undefined) {
    await giveUp("run");
  }
  const torrents = await Promise.all(request.torrents.map(loadTorrent));
  checkDistinct(torrents, request.torrents, platformOf(Deno.build.os));
  using interrupt = Interrupt.listen("share the torrents");
  // The network keeps one core busy here, and the system's part of it another.
  // One worker keeps up with any network.
  const maxWorkers = navigator.hardwareConcurrency > 2 ? 1 : 0;
  using hasher = await openWorkerHasher({ maxWorkers });
  const session = openListeningSession(request, hasher);
  const { signal } = interrupt;
  await using sharing = new Sharing(request, { session, signal });
  await sharing.run(torrents);
  return sharing.hasFailed ? EXIT_CODES.failed : EXIT_CODES.done;
}

/** How often it is noted down which files are done, in milliseconds. */
const NOTE_MS = 60_000;

class Sharing implements AsyncDisposable {
  readonly #request: PeerArguments;
  readonly #display: PeerDisplay;
  readonly #session: Session;
  /** Ends it all. */
  readonly #signal: AbortSignal;
  readonly #contents = new Map<Torrent, TorrentContent>();
  readonly #transfers: TorrentSession[] = [];
  /** Torrents that are neither complete nor failed, their commands included. */
  readonly #unfinished = new Set<Torrent>();
  readonly #failed = new Set<Torrent>();
  readonly #restarting = new Set<Promise<void>>();
  readonly #over = Promise.withResolvers<void>();
  #verification: Verification | undefined;
  #hasFailed = false;

  constructor(
    request: PeerArguments,
    { session, signal }: { session: Session; signal: AbortSignal },
  ) {
    this.#request = request;
    this.#session = session;
    this.#signal = signal;
    this.#display = createPeerDisplay(request.output);
  }

  /** Whether anything went wrong that the exit code must tell. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Shares until the signal is aborted or nothing is left to do. */
  async run(torrents: readonly Torrent[]): Promise<void> {
    this.#signal.addEventListener("abort", () => this.#over.resolve());
    const { port } = this.#session;
    const isTaken = ![0, port].includes(this.#request.port);
    const takenPort = isTaken ? this.#request.port : undefined;
    this.#display.listening({ port, takenPort });
    const refresh = () => this.#display.refresh(this.#standing());
    const timer = setInterval(refresh, this.#display.refreshMs);
    const noteTimer = setInterval(() => this.#noteDownParts(), NOTE_MS);
    try {
      for (const torrent of torrents) this.#unfinished.add(torrent);
      for (const torrent of torrents) await this.#start(torrent);
      await this.#over.promise;
    } finally {
      clearInterval(timer);
      clearInterval(noteTimer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#restarting);
    // The session first: it still writes what has been fetched, and tells of it.
    await this.#session[Symbol.asyncDispose]();
    this.#display.end(this.#standing());
    await Promise.all(this.#transfers.map(async (transfer) => {
      const content = this.#contents.get(transfer.torrent)!;
      this.#contents.delete(transfer.torrent);
      await content.close(() => transfer.have);
    }));
    for (const content of this.#contents.values()) {
      await content[Symbol.asyncDispose]();
    }
  }

  async #start(torrent: Torrent): Promise<void> {
    const signal = this.#signal;
    if (signal.aborted) return;
    try {
      const { dir, mustVerify } = this.#request;
      const { fdPressure } = this.#session;
      const content = await openTorrentContent(
        torrent,
        { dir, mustVerify, fdPressure },
      );
      this.#contents.set(torrent, content);
      const { storage } = content;
      const have = await this.#verify(torrent, content);
      const hadContent = have.count > 0 ||
        await holdsContent(torrent, storage);
      const transfer = this.#session.addTorrent(torrent, {
        storage,
        have,
        onEvent: (event) => this.#receive(torrent, event),
      });
      this.#transfers.push(transfer);
      const snapshot = transfer.snapshot();
      this.#display.found({ torrent, snapshot, hadContent });
      if (transfer.isComplete) this.#finish(torrent);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StorageError)) throw error;
      this.#fail(torrent, error);
    }
  }

  async #verify(
    torrent: Torrent,
    content: TorrentContent,
  ): Promise<Bitfield> {
    const progress = { checkedCount: 0, verifiedCount: 0 };
    this.#verification = { torrent, progress };
    this.#display.verifying(this.#verification);
    using hasher = await openWorkerHasher();
    const have = await content.verify({
      signal: this.#signal,
      hasher,
      onProgress: (progress) => this.#verification = { torrent, progress },
    });
    this.#verification = undefined;
    return have;
  }

  #receive(torrent: Torrent, event: SessionEvent): void {
    this.#display.event(torrent, event);
    if (event.type === "completed") this.#complete(torrent);
    else if (event.type === "storageFailed") {
      if (event.error instanceof ContentChangedError) {
        this.#restart(torrent, event.error);
      } else this.#fail(torrent, event.error);
    }
  }

  /** Something else changed a file: what is right of it is to be found out anew. */
  #restart(torrent: Torrent, change: ContentChangedError): void {
    writeErrorLine(
      `warning: ${describeError(change)}; it is verified again`,
    );
    this.#unfinished.add(torrent);
    const restarted = this.#startAgain(torrent)
      .finally(() => this.#restarting.delete(restarted));
    this.#restarting.add(restarted);
  }

  async #startAgain(torrent: Torrent): Promise<void> {
    const index = this.#transfers.findIndex((transfer) =>
      transfer.torrent === torrent
    );
    const [transfer] = this.#transfers.splice(index, 1);
    await this.#session.removeTorrent(transfer!);
    const content = this.#contents.get(torrent)!;
    this.#contents.delete(torrent);
    await content[Symbol.asyncDispose]();
    await this.#start(torrent);
  }

  async #complete(torrent: Torrent): Promise<void> {
    const { onComplete, dir, output } = this.#request;
    try {
      const change = await this.#contents.get(torrent)!.findChange();
      if (change !== undefined) return this.#restart(torrent, change);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return this.#fail(torrent, error);
    }
    this.#noteDown(torrent);
    if (onComplete !== undefined) {
      try {
        await runCompletionCommand(onComplete, {
          torrent,
          dir,
          stdout: output === "json" ? "null" : "inherit",
        });
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error;
        this.#report(error);
      }
    }
    this.#finish(torrent);
  }

  #noteDown(torrent: Torrent): void {
    const transfer = this.#transfers.find((transfer) =>
      transfer.torrent === torrent
    );
    if (transfer === undefined) return;
    void this.#contents.get(torrent)?.noteDown(() => transfer.have);
  }

  /**
   * Only where there are several files can the ones that are done be told from
   * those that are written to right now.
   */
  #noteDownParts(): void {
    for (const torrent of this.#unfinished) {
      if (torrent.isFolder) this.#noteDown(torrent);
    }
  }

  #fail(torrent: Torrent, error: StorageError): void {
    if (this.#verification?.torrent === torrent) this.#verification = undefined;
    this.#report(error);
    this.#failed.add(torrent);
    this.#finish(torrent);
  }

  #report(error: Error): void {
    reportError(error, this.#request);
    this.#hasFailed = true;
  }

  #finish(torrent: Torrent): void {
    this.#unfinished.delete(torrent);
    const { exitWhenComplete, torrents } = this.#request;
    const hasWork = this.#failed.size < torrents.length;
    const isDone = exitWhenComplete && this.#unfinished.size === 0;
    if (isDone || !hasWork) this.#over.resolve();
  }

  #standing(): Standing {
    return {
      transfers: this.#transfers.map((transfer) => ({
        torrent: transfer.torrent,
        snapshot: transfer.snapshot(),
      })),
      verification: this.#verification,
    };
  }
}

/** Whether there is anything of a torrent on the disk, right or wrong. */
async function holdsContent(
  torrent: Torrent,
  storage: Storage,
): Promise<boolean> {
  // Padding is never on the disk, but always there to read.
  const paddingLength = lengthOf(
    torrent.files.filter((file) => file.isPadding),
  );
  return lengthOf(await storage.presentRanges()) > paddingLength;
}

function lengthOf(ranges: readonly { readonly length: number }[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}
