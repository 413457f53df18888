/**
 * What all torrents of a session have in common.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import type { PeerId } from "../base/identifier.ts";
import type { PieceHasher } from "../disk/worker_hasher.ts";
import type { DialLimiter } from "../dialing/dial_limiter.ts";
import type { AnnounceFunction } from "../announce/announcer.ts";
import type { PeerKey } from "../swarm/events.ts";
import type { ConnectionLimit } from "./handle_limit.ts";
import type { Pacer } from "./pacer.ts";

/** What all torrents of a session share. */
export interface SharedBySession {
  readonly ownId: PeerId;
  /** The announce key. */
  readonly key: string;
  /** Where peers reach us. */
  readonly port: number;
  readonly maxPeers: number;
  readonly permits: Permits;
  readonly uploadPacer: Pacer;
  readonly downloadPacer: Pacer;
  readonly dialLimiter: DialLimiter;
  readonly connectionLimit: ConnectionLimit;
  readonly fdPressure: FdPressure;
  /** A key that never named a connection before. */
  readonly createPeerKey: () => PeerKey;
  readonly handshakeTimeoutMs: number;
  readonly announce: AnnounceFunction | undefined;
  readonly hasher: PieceHasher;
}
