/**
 * One peer connection after its handshake: a loop that receives and a loop that
 * sends, which end together. Owns how much the peer is listened to and the reason
 * for the end; the meaning of a message is the swarm's.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { ConnectionEnd } from "../dialing/dialer.ts";
import type { PeerKey, UnsentBlock } from "../swarm/events.ts";
import { MessageLimiter } from "./message_limiter.ts";
import { Outbox } from "./outbox.ts";
import { pause } from "./pacer.ts";
import type { PeerChannel } from "./peer_channel.ts";
import type { ConnectionContext } from "./session_context.ts";

/** Time without a byte written after which a peer that has to read is stalled, in milliseconds. */
const STALLED_MS = 10_000;

/** The end of a connection. */
export interface ConnectionOver {
  readonly reason: ConnectionEnd;
  /** Our reason in words; `undefined` if the peer or the network ended it. */
  readonly detail: string | undefined;
}

/** Options for {@linkcode PeerConnection}. */
export interface PeerConnectionOptions {
  readonly key: PeerKey;
  readonly channel: PeerChannel;
  /** The address that was dialed; `undefined` if the peer connected to us. */
  readonly dialed: PeerAddress | undefined;
}

/** A connection with one peer. */
export class PeerConnection {
  readonly key: PeerKey;
  readonly channel: PeerChannel;
  readonly dialed: PeerAddress | undefined;
  readonly outbox: Outbox;
  readonly #context: ConnectionContext;
  readonly #limiter: MessageLimiter;
  readonly #closing = new AbortController();
  #hasReceived = false;
  #end: ConnectionOver | undefined;

  /** Reads and sends nothing before {@linkcode run}. */
  constructor(options: PeerConnectionOptions, context: ConnectionContext) {
    this.key = options.key;
    this.channel = options.channel;
    this.dialed = options.dialed;
    this.#context = context;
    this.#limiter = new MessageLimiter(context.pieceCount);
    this.outbox = new Outbox({
      channel: options.channel,
      turns: context.uploadTurns.of(options.channel.hostname),
      context,
      signal: this.#closing.signal,
      onOverflow: () => this.close(),
      onBlocksSent: (lengths) => {
        for (const length of lengths) this.#limiter.blockSent(length);
        context.onBlocksSent(this.key, lengths);
      },
    });
  }

  /** The remote end. */
  get address(): PeerAddress {
    const { hostname, port } = this.channel;
    return { hostname, port };
  }

  /** True if the peer has read nothing for a while of what is being sent to it. */
  get isStalled(): boolean {
    return this.channel.writingMs(performance.now()) >= STALLED_MS;
  }

  /** The reason why the connection is over, or would be if it broke now. */
  get end(): ConnectionOver {
    const reason = this.#hasReceived ? "lost" : "refused";
    return this.#end ?? { reason, detail: undefined };
  }

  /**
   * Runs until the connection is over.
   * @throws {StorageError} If a block to be sent cannot be read.
   */
  async run(): Promise<void> {
    const sending = this.outbox.run().finally(() => this.close());
    const receiving = this.#receive().finally(() => this.close());
    // Both must be over before a failure of one is passed on.
    const [sent, received] = await Promise.allSettled([sending, receiving]);
    if (sent.status === "rejected") throw sent.reason;
    if (received.status === "fulfilled") return;
    const error: unknown = received.reason;
    if (!(error instanceof ProtocolError)) throw error;
    this.#end ??= { reason: "protocol", detail: error.message };
  }

  /** Ends both loops; the first `end` given is kept. */
  close(end?: ConnectionOver): void {
    this.#end ??= end;
    this.#closing.abort();
    this.channel.close();
  }

  async #receive(): Promise<void> {
    const { downloadPacer } = this.#context;
    // The first messages may have come along with the handshake.
    await this.#handleReceived();
    while (!this.channel.isClosed) {
      const length = await this.channel.receive(downloadPacer.stepLength);
      if (length === 0) return;
      await this.#handleReceived();
      await downloadPacer.pass(length, this.#closing.signal);
    }
  }

  /** Handles what has been received, in turns. */
  async #handleReceived(): Promise<void> {
    for (;;) {
      const isAll = this.#takeTurn();
      const waitMs = this.#limiter.nextTurn(performance.now());
      if (waitMs > 0) await pause(waitMs, this.#closing.signal);
      if (isAll) return;
      // A read that need not wait would let no other connection have a turn.
      if (waitMs === 0) await pause(0, this.#closing.signal);
    }
  }

  /** Handles messages until the turn is over. Returns whether none is left. */
  #takeTurn(): boolean {
    const { readLimits, onMessage } = this.#context;
    const limiter = this.#limiter;
    // A message may lead to the end of this connection.
    while (!this.channel.isClosed) {
      if (limiter.isTurnOver) return false;
      const message = this.channel.nextMessage(readLimits);
      if (message === undefined) return true;
      this.#hasReceived = true;
      limiter.take(message);
      onMessage(this.key, message);
    }
    return true;
  }
}

/** Takes back the blocks that wait to be sent on connections. */
export function takeUnsent(
  connections: Iterable<PeerConnection>,
): UnsentBlock[] {
  return [...connections].flatMap(({ key, outbox }) =>
    outbox.takeBlocks().map((block) => ({ peer: key, block }))
  );
}
