/**
 * What a session tells whoever watches it. Nothing here needs an answer.
 *
 * @module
 */
import type { StorageError } from "../base/errors.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { AnnounceReport } from "../announce/announcer.ts";

/** Something worth a line in a log. */
export type SessionEvent =
  | { readonly type: "peerConnected"; readonly address: PeerAddress }
  | {
    readonly type: "peerDisconnected";
    readonly address: PeerAddress;
    /** Why we ended it; `undefined` if the peer or the network did. */
    readonly reason: string | undefined;
  }
  | { readonly type: "pieceVerified"; readonly index: number }
  | { readonly type: "pieceCorrupt"; readonly index: number }
  /** A host sent wrong content and is not talked to any more. */
  | {
    readonly type: "peerBanned";
    readonly hostname: string;
    readonly index: number;
  }
  /** Every piece is verified and stored; not told of a torrent that was complete at the start. */
  | { readonly type: "completed" }
  /** The torrent stopped: the disk refused. */
  | { readonly type: "storageFailed"; readonly error: StorageError }
  /** A tracker answered, failed, or has something to say. */
  | AnnounceReport;
