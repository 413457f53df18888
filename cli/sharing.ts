/**
 * The work of `peer`: verify what is there, fetch what is not, share it all,
 * until somebody ends it or, where that is asked for, everything is complete.
 * One torrent's failure leaves the others alone.
 *
 * @module
 */
import {
  loadTorrentFile,
  openFileStorage,
  openSession,
  type Session,
  type SessionEvent,
  StorageError,
  type Torrent,
  type TorrentSession,
  verifyStorage,
} from "../mod.ts";
import { runCompletionCommand } from "./completion_command.ts";
import { writeErrorLine } from "./console.ts";
import { Interrupt } from "./interrupt.ts";
import type { PeerArguments } from "./peer_arguments.ts";
import {
  createPeerDisplay,
  type PeerDisplay,
  type Transfer,
} from "./peer_display.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  UsageError,
} from "./program.ts";

/** Shares what `request` names; the exit code. */
export async function shareTorrents(request: PeerArguments): Promise<ExitCode> {
  const torrents = await Promise.all(request.torrents.map(loadTorrentFile));
  checkDistinct(torrents);
  // What the command line has no use for is given up before the first peer calls.
  if (request.onComplete === undefined) {
    await Deno.permissions.revoke({ name: "run" });
  }
  using interrupt = Interrupt.listen("share the torrents");
  await using sharing = new Sharing(request, listen(request));
  await sharing.run(torrents, interrupt.signal);
  return sharing.hasFailed ? EXIT_CODES.failed : EXIT_CODES.done;
}

class Sharing implements AsyncDisposable {
  readonly #request: PeerArguments;
  readonly #display: PeerDisplay;
  readonly #session: Session;
  readonly #storages = new AsyncDisposableStack();
  readonly #transfers: TorrentSession[] = [];
  /** Torrents that are neither complete nor failed, their commands included. */
  readonly #unfinished = new Set<Torrent>();
  readonly #failed = new Set<Torrent>();
  readonly #over = Promise.withResolvers<void>();
  #hasFailed = false;

  constructor(request: PeerArguments, session: Session) {
    this.#request = request;
    this.#session = session;
    this.#display = createPeerDisplay(request.output);
  }

  /** Whether anything went wrong that the exit code must tell. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Shares until `signal` is aborted or nothing is left to do. */
  async run(torrents: readonly Torrent[], signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#over.resolve());
    this.#display.listening(this.#session.port);
    const timer = setInterval(() => this.#refresh(), this.#display.refreshMs);
    for (const torrent of torrents) this.#unfinished.add(torrent);
    for (const torrent of torrents) await this.#start(torrent, signal);
    await this.#over.promise;
    clearInterval(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#display.end(this.#standing());
    // The session first: it still writes what has been fetched.
    await this.#session[Symbol.asyncDispose]();
    await this.#storages.disposeAsync();
  }

  async #start(torrent: Torrent, signal: AbortSignal): Promise<void> {
    try {
      const storage = this.#storages.use(
        await openFileStorage(torrent, { dir: this.#request.dir }),
      );
      const have = await verifyStorage(storage, torrent, {
        signal,
        onProgress: (progress) => this.#display.verifying(torrent, progress),
      });
      const transfer = this.#session.addTorrent(torrent, {
        storage,
        have,
        onEvent: (event) => this.#receive(torrent, event),
      });
      this.#transfers.push(transfer);
      this.#display.found({ torrent, snapshot: transfer.snapshot() });
      if (transfer.isComplete) this.#finish(torrent);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StorageError)) throw error;
      this.#fail(torrent, error);
    }
  }

  #receive(torrent: Torrent, event: SessionEvent): void {
    this.#display.event(torrent, event);
    if (event.type === "completed") this.#complete(torrent);
    else if (event.type === "storageFailed") this.#fail(torrent, event.error);
  }

  async #complete(torrent: Torrent): Promise<void> {
    const { onComplete, dir, output } = this.#request;
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

  #fail(torrent: Torrent, error: StorageError): void {
    this.#report(error);
    this.#failed.add(torrent);
    this.#finish(torrent);
  }

  #report(error: Error): void {
    writeErrorLine(`error: ${describeError(error)}`);
    this.#hasFailed = true;
  }

  #finish(torrent: Torrent): void {
    this.#unfinished.delete(torrent);
    const { exitWhenComplete, torrents } = this.#request;
    const hasWork = this.#failed.size < torrents.length;
    const isDone = exitWhenComplete && this.#unfinished.size === 0;
    if (isDone || !hasWork) this.#over.resolve();
  }

  #refresh(): void {
    this.#display.refresh(this.#standing());
  }

  #standing(): Transfer[] {
    return this.#transfers.map((transfer) => ({
      torrent: transfer.torrent,
      snapshot: transfer.snapshot(),
    }));
  }
}

/** Two torrents that write the same files, or are the same, cannot be shared together. */
function checkDistinct(torrents: readonly Torrent[]): void {
  const names = new Set<string>();
  for (const { name } of torrents) {
    if (names.has(name)) {
      throw new UsageError(
        `two torrents are stored as ${
          JSON.stringify(name)
        }; give each a peer and a --dir of its own`,
      );
    }
    names.add(name);
  }
}

function listen(request: PeerArguments): Session {
  const { port, host, maxPeers, maxUpload, maxDownload } = request;
  try {
    return openSession({
      port,
      ...(host !== undefined && { hostname: host }),
      maxPeers,
      maxUploadBytesPerSecond: maxUpload,
      maxDownloadBytesPerSecond: maxDownload,
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ProgramError(
      `cannot listen on port ${port}: ${error.message}; choose another --port or --host`,
      { cause: error },
    );
  }
}
