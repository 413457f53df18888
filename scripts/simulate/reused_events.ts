/**
 * The events of which a large run has a hundred million, each in one object that
 * is used again: the engine keeps no event after it returns.
 *
 * @module
 */
import type { PeerKey, SwarmEvent } from "../../lib/swarm/events.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";

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
