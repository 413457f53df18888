/**
 * The connections of a host: its own end of each, and the peer at the
 * other end.
 *
 * @module
 */
import type { PeerId } from "../../lib/base/identifier.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { WireExtensions } from "../../lib/wire/handshake.ts";
import type { Message } from "../../lib/wire/message.ts";
import type { Channel } from "./virtual_link.ts";

/** Sent in place of a message when the connection is closed. */
export const CLOSED: Message = { type: "keepAlive" };

/** The near end of a connection. */
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

/** A host as its peers know it. */
export interface FarEnd {
  readonly number: number;
  readonly id: PeerId;
  readonly hostname: string;
  readonly extensions: WireExtensions;
}

/** A connection that is now open. */
export interface NewConnection {
  readonly far: FarEnd;
  readonly outgoing: Channel;
  readonly incoming: Channel;
  readonly isOutgoing: boolean;
}
