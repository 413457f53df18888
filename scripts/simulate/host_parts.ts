/**
 * The options of one machine of a virtual LAN, its connections, and its events, of which
 * a large run has a hundred million: each is one object that is used again, as the
 * engine keeps no event after it returns.
 *
 * @module
 */
import type { PeerId } from "../../lib/base/identifier.ts";
import type { PeerKey, SwarmEvent } from "../../lib/swarm/events.ts";
import type { WireExtensions } from "../../lib/wire/handshake.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";
import type { Channel } from "./virtual_link.ts";

/** A gigabit a second, in bytes a second. */
export const GIGABIT = 125_000_000;

export interface HostOptions {
  readonly upBytesPerSecond?: number;
  readonly downBytesPerSecond?: number;
  /** True if it has every piece from the start. @default {false} */
  readonly isSeeder?: boolean;
  /** @default {OWN_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** The only hosts that it dials. @default {those that the tracker returns} */
  readonly knownHosts?: readonly string[];
  /** A message that it sends first on each connection. @default {none} */
  readonly greeting?: Message;
  /** Chooses the blocks that it sends corrupt. Offsets count blocks. @default {none} */
  readonly isCorrupt?: (block: BlockRange) => boolean;
}

/** Sent in place of a message when the connection is closed. */
export const CLOSED: Message = { type: "keepAlive" };

export interface Connection {
  readonly key: PeerKey;
  /** Number and hostname of the peer. */
  readonly far: number;
  readonly hostname: string;
  /** Carries the blocks that leave, and those that arrive. */
  readonly outgoing: Channel;
  readonly incoming: Channel;
  /** True if we dialed. */
  readonly isOutgoing: boolean;
  /** True if the peer has sent a message. */
  hasReceived: boolean;
}

export interface FarEnd {
  readonly number: number;
  readonly id: PeerId;
  readonly hostname: string;
  readonly extensions: WireExtensions;
}

export interface NewConnection {
  readonly far: FarEnd;
  readonly outgoing: Channel;
  readonly incoming: Channel;
  readonly isOutgoing: boolean;
}

/** The events of one host. Each is valid until the next call. */
export class ReusedEvents {
  readonly #messageReceived = {
    type: "messageReceived" as const,
    peer: 0,
    message: { type: "keepAlive" } as Message,
  };
  readonly #blockSent = { type: "blockSent" as const, peer: 0, length: 0 };
  readonly #piece = {
    type: "piece" as const,
    index: 0,
    offsetInPiece: 0,
    block: new Uint8Array(0) as Uint8Array,
  };

  messageReceived(peer: PeerKey, message: Message): SwarmEvent {
    this.#messageReceived.peer = peer;
    this.#messageReceived.message = message;
    return this.#messageReceived;
  }

  blockReceived(
    peer: PeerKey,
    { index, offsetInPiece }: BlockRange,
    block: Uint8Array,
  ): SwarmEvent {
    this.#piece.index = index;
    this.#piece.offsetInPiece = offsetInPiece;
    this.#piece.block = block;
    return this.messageReceived(peer, this.#piece);
  }

  blockSent(peer: PeerKey, length: number): SwarmEvent {
    this.#blockSent.peer = peer;
    this.#blockSent.length = length;
    return this.#blockSent;
  }
}
