/**
 * One greeted connection at work: a loop that receives and a loop that sends,
 * which end together. Owns how much the peer is listened to. Knows neither the
 * torrent's state nor what a message means.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { PeerChannel } from "./peer_channel.ts";
import type { Message } from "../wire/message.ts";
import type { ReadLimits } from "../wire/read_message.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import type { Pacer } from "./pacer.ts";
import { pause } from "./pause.ts";
import { PeerBudget } from "./message_limiter.ts";

/** What a link needs; see {@linkcode OutboxOptions} for the sending side. */
export interface PeerLinkOptions
  extends Omit<OutboxOptions, "signal" | "onOverflow"> {
  readonly channel: PeerChannel;
  readonly limits: ReadLimits;
  /** Takes each message as it comes; its bytes are views, valid during the call. */
  readonly onMessage: (message: Message) => void;
  /** The download limit. */
  readonly downloadPacer: Pacer;
}

/** A running peer connection. */
export class PeerLink {
  readonly outbox: Outbox;
  readonly #options: PeerLinkOptions;
  readonly #budget: PeerBudget;
  readonly #ending = new AbortController();

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    const { pieceCount, onBlocksSent } = options;
    this.#budget = new PeerBudget({ pieceCount, now: performance.now() });
    this.outbox = new Outbox({
      ...options,
      signal: this.#ending.signal,
      onOverflow: () => this.close(),
      onBlocksSent: (lengths) => {
        for (const length of lengths) this.#budget.earn(length);
        onBlocksSent(lengths);
      },
    });
  }

  /**
   * Runs until the connection is over. Returns what the peer did wrong, if that
   * ended it.
   * @throws {StorageError} If a block to be sent cannot be read.
   */
  async run(): Promise<ProtocolError | undefined> {
    const sending = this.outbox.run().finally(() => this.close());
    const receiving = this.#receive().finally(() => this.close());
    // Both must be over before a failure of one is passed on.
    const [sent, received] = await Promise.allSettled([sending, receiving]);
    if (sent.status === "rejected") throw sent.reason;
    if (received.status === "fulfilled") return undefined;
    if (received.reason instanceof ProtocolError) return received.reason;
    throw received.reason;
  }

  /** Ends both loops. Harmless when repeated. */
  close(): void {
    this.#ending.abort();
    this.#options.channel.close();
  }

  async #receive(): Promise<void> {
    const { channel, downloadPacer } = this.#options;
    const { signal } = this.#ending;
    // The first messages may have come along with the handshake.
    await this.#handOn();
    while (!channel.isClosed) {
      const count = await channel.receive(downloadPacer.stepLength);
      if (count === 0) return;
      await this.#handOn();
      await downloadPacer.pass(count, signal);
    }
  }

  /** Hands on what has come, in turns. */
  async #handOn(): Promise<void> {
    for (;;) {
      const isAll = this.#takeTurn();
      const restMs = this.#budget.nextTurn(performance.now());
      if (restMs > 0) await pause(restMs, this.#ending.signal);
      if (isAll) return;
      // A read that need not wait would let nobody else have a turn.
      if (restMs === 0) await pause(0, this.#ending.signal);
    }
  }

  /** Hands on messages until the turn is over. Returns whether there are no more. */
  #takeTurn(): boolean {
    const { channel, limits, onMessage } = this.#options;
    const budget = this.#budget;
    // A message may lead to the end of this connection.
    while (!channel.isClosed) {
      if (budget.isTurnOver) return false;
      const message = channel.nextMessage(limits);
      if (message === undefined) return true;
      budget.spend(message);
      onMessage(message);
    }
    return true;
  }
}
