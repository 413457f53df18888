/**
 * What a host knows of its connections: its own end of each, and who is at the
 * other.
 *
 * @module
 */
import type { PeerId } from "../../lib/base/identifier.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { WireExtensions } from "../../lib/wire/handshake.ts";
import type { Message } from "../../lib/wire/message.ts";
import type { Channel } from "./virtual_link.ts";

/** In place of a message: the connection is over. */
export const CLOSED: Message = { type: "keepAlive" };

/** The near end of a connection. */
export interface Connection {
  readonly key: PeerKey;
  /** Who is at the far end, by number and by name. */
  readonly far: number;
  readonly hostname: string;
  /** What blocks leave by, and what they come by. */
  readonly outgoing: Channel;
  readonly incoming: Channel;
  /** True if we called. */
  readonly isCaller: boolean;
  /** True if the far end has said anything. */
  hasHeard: boolean;
}

/** What a host is to another. */
export interface FarEnd {
  readonly number: number;
  readonly id: PeerId;
  readonly hostname: string;
  readonly extensions: WireExtensions;
}

/** What a host learns of a connection that now stands. */
export interface NewConnection {
  readonly far: FarEnd;
  readonly outgoing: Channel;
  readonly incoming: Channel;
  readonly isCaller: boolean;
}
