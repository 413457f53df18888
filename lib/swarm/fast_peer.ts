/**
 * What the fast extension changes about asking one peer: it may serve some pieces
 * although it chokes us, it says when it will not serve what we asked for, and
 * sends nothing else. [BEP 6]
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import type { PeerState } from "./peer_state.ts";
import type { PickingPeer } from "./piece_picker.ts";

/** Pieces that one peer may allow us: others take 10, by BEP 6. */
const MAX_ALLOWED_FAST = 64;
/** Blocks that a peer without the extension may send though they were never asked for. */
const MAX_MISTAKES = 64;
/** How long a peer that refused is asked for nothing, doubled each time in a row, in milliseconds. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

/** The peer serves this piece even while it chokes us. False if that is no news, or exceeds a bound. */
export function noteAllowedFast(peer: PeerState, index: number): boolean {
  const { allowedFast } = peer;
  if (allowedFast.has(index) || allowedFast.size >= MAX_ALLOWED_FAST) {
    return false;
  }
  allowedFast.add(index);
  return true;
}

/**
 * The peer as the picker is to see it while it chokes us, with nothing but what
 * it allows and we lack; `undefined` if that is nothing.
 */
export function choicesWhileChoked(
  peer: PeerState,
  have: Bitfield,
): PickingPeer | undefined {
  let pieces: Bitfield | undefined;
  for (const index of peer.allowedFast) {
    if (have.has(index) || !peer.pieces.has(index)) continue;
    pieces ??= new Bitfield(have.length);
    pieces.add(index);
  }
  if (pieces === undefined) return undefined;
  const { key, outstanding, isSeeder } = peer;
  return { key, outstanding, pieces, waitingCount: pieces.count, isSeeder };
}

/**
 * The peer refused a block. Asked again at once it would refuse again, as fast as
 * the wire allows: it rests a while.
 */
export function noteRefusal(peer: PeerState, index: number, now: number): void {
  // It has allowed this piece and thought better of it.
  if (peer.peerChokes) peer.allowedFast.delete(index);
  // Many that were on order together are refused together.
  if (peer.peerChokes || now < peer.restsUntil) return;
  const restMs = FIRST_REST_MS * 2 ** peer.refusalCount++;
  peer.restsUntil = now + Math.min(restMs, LONGEST_REST_MS);
}

/**
 * A block came that is not on order: it crossed with our cancel or a choke, or
 * nobody asked. Whoever speaks the fast extension says which; of others come no
 * more than were asked for, and a few by mistake.
 * @throws {ProtocolError} If the peer must not send that. [BEP 6]
 */
export function checkStrayBlock(peer: PeerState, id: number | undefined): void {
  const isExpected = peer.extensions.fast
    ? id !== undefined && peer.calledOff.delete(id)
    : ++peer.strayCount <= peer.askedCount + MAX_MISTAKES;
  if (isExpected) return;
  throw new ProtocolError("Cannot take block: it was not asked for");
}
