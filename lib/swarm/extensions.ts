/**
 * The extension protocol's part of the engine: what we say of ourselves, what
 * peers say of themselves, and which of their messages are meant for what.
 * [BEP 10] A message of a peer that does not speak the protocol, or with an id
 * that we gave to nothing, is passed over; one that is meant for us and cannot be
 * read is a breach of the protocol.
 *
 * @module
 */
import type { Random } from "../base/random.ts";
import { PRODUCT } from "../base/version.ts";
import {
  encodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  parseExtendedHandshake,
  PEER_EXCHANGE_ID,
} from "../wire/extended_handshake.ts";
import type { ExtendedMessage } from "../wire/message.ts";
import { PeerExchange } from "./peer_exchange.ts";
import type { PeerState } from "./peer_state.ts";
import type { SwarmContext } from "./swarm_context.ts";
import { MAX_QUEUED_REQUESTS } from "./uploads.ts";

/** What peers are to know of us. */
export interface ExtensionsOptions {
  /** Where we listen; `undefined` if nowhere. */
  readonly listenPort: number | undefined;
  /** Whether the trackers alone may name peers: nothing is exchanged. [BEP 27] */
  readonly isPrivate: boolean;
  readonly random: Random;
}

/** The extensions of one torrent's connections. */
export class Extensions {
  readonly #context: SwarmContext;
  readonly #options: ExtensionsOptions;
  /** None of a private torrent. */
  readonly #exchange: PeerExchange | undefined;

  constructor(context: SwarmContext, options: ExtensionsOptions) {
    this.#context = context;
    this.#options = options;
    if (!options.isPrivate) this.#exchange = new PeerExchange(context, options);
  }

  /**
   * A peer joined: it is told who we are, if it understands. That we want nothing
   * is told to who may see all that we have: libtorrent leaves a peer that wants
   * nothing as soon as it sees nothing there to want.
   */
  peerJoined(peer: PeerState, now: number, view: { seesAll: boolean }): void {
    this.#sendHandshake(peer, now, view.seesAll && this.#context.have.isFull);
    this.#exchange?.noteContact(peer);
  }

  peerLeft(peer: PeerState): void {
    this.#exchange?.peerLeft(peer);
  }

  /** We have everything: who understands it need not offer us more. [BEP 21] */
  completed(now: number): void {
    for (const peer of this.#context.peers.values()) {
      this.#sendHandshake(peer, now, true);
    }
  }

  /** @throws {ProtocolError} If it is meant for us and cannot be read, or comes too often. */
  receive(peer: PeerState, message: ExtendedMessage, now: number): void {
    if (!peer.extensions.extended) return;
    switch (message.id) {
      case EXTENDED_HANDSHAKE_ID:
        return this.#receiveHandshake(peer, message.payload, now);
      case PEER_EXCHANGE_ID:
        this.#exchange?.receive(peer, message.payload, now);
    }
  }

  tick(now: number): void {
    this.#exchange?.tick(now);
  }

  /** The whole of it each time: libtorrent takes what a later one leaves out for given up. */
  #sendHandshake(peer: PeerState, now: number, isUploadOnly: boolean): void {
    if (!peer.extensions.extended) return;
    const { listenPort } = this.#options;
    const payload = encodeExtendedHandshake({
      peerExchangeId: this.#exchange && PEER_EXCHANGE_ID,
      client: PRODUCT,
      // Whom we called does not know where we listen; who called us does.
      port: peer.isOutgoing ? listenPort : undefined,
      yourHostname: peer.hostname,
      requestQueueLength: MAX_QUEUED_REQUESTS,
      isUploadOnly: isUploadOnly ? true : undefined,
      isComplete: this.#context.have.isFull ? true : undefined,
    });
    const id = EXTENDED_HANDSHAKE_ID;
    this.#context.send(peer, { type: "extended", id, payload }, now);
  }

  #receiveHandshake(peer: PeerState, payload: Uint8Array, now: number): void {
    const handshake = parseExtendedHandshake(payload);
    const { requestQueueLength, isComplete, peerExchangeId } = handshake;
    if (requestQueueLength !== undefined) {
      peer.window.limit(requestQueueLength);
    }
    // Who has everything wants nothing, whether or not it says so to all.
    peer.isUploadOnly = isComplete ?? handshake.isUploadOnly ??
      peer.isUploadOnly;
    peer.client = handshake.client ?? peer.client;
    peer.seesUsAs = handshake.yourHostname ?? peer.seesUsAs;
    // Where we dialed it is where it listens, whatever it says.
    peer.listenPort ??= handshake.port;
    this.#exchange?.noteContact(peer);
    if (peerExchangeId !== undefined) {
      this.#exchange?.setId(peer, peerExchangeId, now);
    }
  }
}
