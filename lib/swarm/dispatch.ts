/**
 * Which part of the engine a message is for. A message of the fast extension from
 * a peer that does not speak it ends the connection, as BEP 6 demands; ids that
 * are nobody's are passed over, as new ones may always come.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { Message } from "../wire/message.ts";
import type { Downloads } from "./downloads.ts";
import type { Extensions } from "./extensions.ts";
import type { FirstCopy } from "./super_seeding.ts";
import type { PeerState } from "./peer_state.ts";
import {
  checkHaveNone,
  checkPieceIndex,
  parseBitfield,
} from "./piece_claims.ts";
import type { Uploads } from "./uploads.ts";

/** The parts that take messages. */
export interface MessageTakers {
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly extensions: Extensions;
  readonly firstCopy: FirstCopy;
}

/**
 * Hands a message on.
 * @throws {ProtocolError} If the peer may not say that, or not now.
 */
export function dispatchMessage(
  takers: MessageTakers,
  message: Message,
  from: { readonly peer: PeerState; readonly now: number },
): void {
  const { downloads, uploads, extensions, firstCopy } = takers;
  const { peer, now } = from;
  switch (message.type) {
    case "choke":
      return downloads.receiveChoke(peer);
    case "unchoke":
      return downloads.receiveUnchoke(peer, now);
    case "interested":
      return uploads.receiveInterest(peer, true, now);
    case "notInterested":
      return uploads.receiveInterest(peer, false, now);
    case "have":
      // What is said again and again must not cost a look at every piece.
      if (!downloads.receiveHave(peer, message.index, now)) return;
      return firstCopy.seen(peer, message.index, now);
    case "bitfield":
      downloads.receivePieces(
        peer,
        parseBitfield(message.bytes, peer.pieces.length),
        now,
      );
      return firstCopy.seenAll(peer, now);
    case "request":
      uploads.receiveRequest(peer, message, now);
      return firstCopy.asked(peer, message.index, now);
    case "piece":
      return downloads.receiveBlock(peer, message, now);
    case "cancel":
      return uploads.receiveCancel(peer, message, now);
    case "haveAll":
      requireFast(peer, "have all");
      downloads.receivePieces(
        peer,
        Bitfield.full(peer.pieces.length),
        now,
      );
      return firstCopy.seenAll(peer, now);
    case "haveNone":
      requireFast(peer, "have none");
      return checkHaveNone(peer);
    case "reject":
      requireFast(peer, "reject request");
      return downloads.receiveReject(peer, message, now);
    case "allowedFast":
      requireFast(peer, "allowed fast");
      return downloads.receiveAllowedFast(peer, message.index, now);
    case "suggest":
      requireFast(peer, "suggest piece");
      // A hint that we do without: the rarest piece is the better one, and what a
      // peer has in its cache costs a LAN nothing.
      return checkPieceIndex(message.index, { peer, message: "suggest piece" });
    case "extended":
      return extensions.receive(peer, message, now);
    case "keepAlive":
    case "unknown":
      return;
    default:
      message satisfies never;
  }
}

function requireFast(peer: PeerState, name: string): void {
  if (peer.extensions.fast) return;
  throw new ProtocolError(
    `Cannot take ${name}: the peer did not offer the fast extension`,
  );
}
