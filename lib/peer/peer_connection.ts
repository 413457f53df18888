/**
 * One peer connection after its handshake: a loop that receives and a loop that sends,
 * which end together. Owns the limit of received messages and the reason for the end;
 * the swarm interprets the messages.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import type { ConnectionEnd } from "../dialing/dialer.ts";
import { MAX_METADATA_HEADER } from "../metadata/metadata_message.ts";
import type { PeerKey, UnsentBlock } from "../swarm/events.ts";
import { METADATA_ID } from "../wire/extended_handshake.ts";
import type { ExtendedMessage, Message } from "../wire/message.ts";
import { Outbox } from "./outbox.ts";
import { pause } from "./pacer.ts";
import type { PeerChannel } from "./peer_channel.ts";
import type { ConnectionContext } from "./session_context.ts";

/** A pending write without progress for this time means that the peer is stalled, in milliseconds. */
const STALLED_MS = 10_000;

/** The end of a connection. */
export interface ConnectionOver {
  readonly reason: ConnectionEnd;
  /** Our reason in words; `undefined` if the peer or the network ended it. */
  readonly detail: string | undefined;
}

export class PeerConnection {
  readonly key: PeerKey;
  readonly channel: PeerChannel;
  /** The address that was dialed; `undefined` if the peer connected to us. */
  readonly dialed: PeerAddress | undefined;
  readonly outbox: Outbox;
  readonly #context: ConnectionContext;
  readonly #limiter: MessageLimiter;
  readonly #closing = new AbortController();
  #hasReceived = false;
  #end: ConnectionOver | undefined;

  /** Reads and sends nothing before {@linkcode run}. */
  constructor(
    { key, channel, dialed }: Pick<
      PeerConnection,
      "key" | "channel" | "dialed"
    >,
    context: ConnectionContext,
  ) {
    this.key = key;
    this.channel = channel;
    this.dialed = dialed;
    this.#context = context;
    this.#limiter = new MessageLimiter(context.pieceCount);
    this.outbox = new Outbox({
      channel,
      turns: context.uploadTurns.of(channel.hostname),
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

  /** The reason for the end of the connection, or for the end if it broke now. */
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
    // Both loops must end before a failure of either is passed on.
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
      // A read of waiting bytes does not yield: other connections would get no turn.
      if (waitMs === 0) await pause(0, this.#closing.signal);
    }
  }

  /** Handles messages until the turn is over. Returns whether none is left. */
  #takeTurn(): boolean {
    const { maxFrameLength, onMessage } = this.#context;
    const limiter = this.#limiter;
    // A message may lead to the end of this connection.
    while (!this.channel.isClosed) {
      if (limiter.isTurnOver) return false;
      const message = this.channel.nextMessage(maxFrameLength);
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

/** The burst is more requests than other clients keep in flight. */
const LIMIT = { perSecond: 4_000, burst: 16_000 };
/** Units handled in one turn, a few milliseconds' work; then other connections have a turn. */
const TURN_UNITS = 2_000;
/** A block of this length pays for its request, in bytes. */
const PAYING_LENGTH = 4096;

/** Bytes that cost one unit, measured. */
const BITFIELD_BYTES_PER_UNIT = 4;
const EXTENDED_BYTES_PER_UNIT = 8;
const UNKNOWN_BYTES_PER_UNIT = 1024;
/** Units that any message of the extension protocol costs. */
const EXTENDED_UNITS = 16;

/**
 * Limits the CPU time that one peer's messages can cost: a token bucket in which
 * each message costs about its CPU time, in units of a `have`. Nothing is read for a
 * while from a peer above the limit, so its messages wait in the peer's own memory.
 * Blocks are free, because they were requested, and sending a block pays for its
 * request: a peer that exchanges content never comes near the limit.
 *
 * Measured: a peer that sends `have` without end took a whole core and delayed
 * timers for seconds; with the limit it takes less than a hundredth of a core.
 */
export class MessageLimiter {
  readonly #limiter = new RateLimiter(LIMIT);
  #freeUnits: number;
  #turnUnits = 0;

  /** @param pieceCount Each piece may be announced once for free. */
  constructor(pieceCount: number) {
    this.#freeUnits = pieceCount;
  }

  get isTurnOver(): boolean {
    return this.#turnUnits >= TURN_UNITS;
  }

  /** A message was received. */
  take(message: Message): void {
    this.#turnUnits += costOf(message);
  }

  /** A block of `length` bytes was sent. */
  blockSent(length: number): void {
    this.#limiter.giveBack(Math.min(1, length / PAYING_LENGTH));
  }

  /** Begins a turn. Returns the time to wait before reading from the peer, in milliseconds. */
  nextTurn(nowMs: number): number {
    const freeUnits = Math.min(this.#freeUnits, this.#turnUnits);
    this.#freeUnits -= freeUnits;
    const waitMs = this.#limiter.take(this.#turnUnits - freeUnits, nowMs);
    this.#turnUnits = 0;
    return waitMs;
  }
}

/** The cost of a message, in units. */
function costOf(message: Message): number {
  switch (message.type) {
    case "piece":
      return message.block.length >= PAYING_LENGTH ? 0 : 1;
    case "bitfield":
      return 1 + message.bytes.length / BITFIELD_BYTES_PER_UNIT;
    case "extended":
      return EXTENDED_UNITS + decodedLength(message) / EXTENDED_BYTES_PER_UNIT;
    case "unknown":
      return 1 + message.length / UNKNOWN_BYTES_PER_UNIT;
    default:
      return 1;
  }
}

/** The bytes of a payload that are decoded. */
function decodedLength({ id, payload: { length } }: ExtendedMessage): number {
  return id === METADATA_ID ? Math.min(length, MAX_METADATA_HEADER) : length;
}
