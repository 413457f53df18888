/**
 * One greeted connection at work: a loop that receives and a loop that sends,
 * which end together. Knows neither the torrent's state nor what a message
 * means.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { PeerChannel } from "../net/peer_channel.ts";
import type { Message } from "../wire/message.ts";
import type { ReadLimits } from "../wire/read_message.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import type { Pacer } from "./pacer.ts";

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
  readonly #ending = new AbortController();

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.outbox = new Outbox({
      ...options,
      signal: this.#ending.signal,
      onOverflow: () => this.close(),
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
    // The first messages may have come along with the handshake.
    this.#handOn();
    while (!channel.isClosed) {
      const count = await channel.receive(downloadPacer.stepLength);
      if (count === 0) return;
      this.#handOn();
      await downloadPacer.pass(count, this.#ending.signal);
    }
  }

  #handOn(): void {
    const { channel, limits, onMessage } = this.#options;
    // A message may lead to the end of this connection.
    while (!channel.isClosed) {
      const message = channel.nextMessage(limits);
      if (message === undefined) return;
      onMessage(message);
    }
  }
}
