/**
 * What the engine's parts share: the torrent's shape, what we have, the peers,
 * and the way actions leave. Each part holds the rest of its state itself.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { Geometry } from "../metainfo/geometry.ts";
import type { ControlMessage } from "../wire/message.ts";
import type { Emit, PeerKey } from "./events.ts";
import type { PeerState } from "./peer_state.ts";

/** Shared by the parts of one swarm. */
export interface SwarmContext {
  readonly geometry: Geometry;
  /** The pieces verified and stored. */
  readonly have: Bitfield;
  readonly peers: ReadonlyMap<PeerKey, PeerState>;
  readonly emit: Emit;
  /** Emits a message to a peer and notes that the connection is in use. */
  readonly send: (
    peer: PeerState,
    message: ControlMessage,
    now: number,
  ) => void;
}
