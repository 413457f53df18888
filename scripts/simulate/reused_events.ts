/**
 * The events of which a large run has a hundred million, each in one object that
 * is used again: an event is done with when the engine returns.
 *
 * @module
 */
import type { PeerKey, SwarmEvent } from "../../lib/swarm/events.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";

const MESSAGE_RECEIVED = {
  type: "messageReceived" as const,
  peer: 0,
  message: { type: "keepAlive" } as Message,
};
const BLOCK_SENT = { type: "blockSent" as const, peer: 0, length: 0 };
const PIECE = {
  type: "piece" as const,
  index: 0,
  offsetInPiece: 0,
  block: new Uint8Array(0) as Uint8Array,
};

/** Valid until the next call of it or of {@linkcode blockReceived}. */
export function messageReceived(peer: PeerKey, message: Message): SwarmEvent {
  MESSAGE_RECEIVED.peer = peer;
  MESSAGE_RECEIVED.message = message;
  return MESSAGE_RECEIVED;
}

/** Valid until the next call of it or of {@linkcode messageReceived}. */
export function blockReceived(
  peer: PeerKey,
  { index, offsetInPiece }: BlockRange,
  block: Uint8Array,
): SwarmEvent {
  PIECE.index = index;
  PIECE.offsetInPiece = offsetInPiece;
  PIECE.block = block;
  return messageReceived(peer, PIECE);
}

/** Valid until the next call. */
export function blockSent(peer: PeerKey, length: number): SwarmEvent {
  BLOCK_SENT.peer = peer;
  BLOCK_SENT.length = length;
  return BLOCK_SENT;
}
