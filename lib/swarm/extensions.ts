/**
 * The extension protocol [BEP 10]: the handshake, in which both ends describe
 * themselves, peer exchange, and requests for metadata. Messages of a peer that does
 * not support the protocol, and those with an id that we assigned to nothing, are
 * ignored.
 *
 * @module
 */
import { PRODUCT } from "../base/version.ts";
import { MetadataServer } from "../metadata/metadata_server.ts";
import {
  encodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  METADATA_ID,
  parseExtendedHandshake,
  PEER_EXCHANGE_ID,
} from "../wire/extended_handshake.ts";
import type { ExtendedMessage } from "../wire/message.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import { PeerExchange } from "./peer_exchange.ts";
import { MAX_QUEUED_REQUESTS } from "./upload_order.ts";
import { MAX_REQUEST_LENGTH } from "./uploads.ts";

export class Extensions {
  /** `undefined` for a private torrent: only trackers may name its peers. [BEP 27] */
  readonly exchange: PeerExchange | undefined;
  readonly #metadata: MetadataServer | undefined;
  readonly #context: SwarmContext;

  constructor(context: SwarmContext) {
    this.#context = context;
    const { isPrivate, info } = context.options;
    if (isPrivate) return;
    this.exchange = new PeerExchange(context);
    this.#metadata = info && new MetadataServer(info);
  }

  /** Sends a whole handshake each time: libtorrent treats a key missing from a later handshake as withdrawn. */
  greet(peer: Peer, { isUploadOnly }: { isUploadOnly: boolean }): void {
    if (!peer.extensions.extended) return;
    const { have, options: { listenPort } } = this.#context;
    const payload = encodeExtendedHandshake({
      peerExchangeId: this.exchange && PEER_EXCHANGE_ID,
      metadataId: this.#metadata && METADATA_ID,
      metadataLength: this.#metadata?.length,
      client: PRODUCT,
      // A peer that dialed us knows where we listen.
      port: peer.isOutgoing ? listenPort : undefined,
      yourHostname: peer.hostname,
      requestQueueLength: MAX_QUEUED_REQUESTS,
      requestLength: MAX_REQUEST_LENGTH,
      isUploadOnly: isUploadOnly || undefined,
      isComplete: have.isFull || undefined,
    });
    const id = EXTENDED_HANDSHAKE_ID;
    this.#context.send(peer, { type: "extended", id, payload });
  }

  /** @throws {ProtocolError} If a message with one of our ids is malformed, or comes too often. */
  receive(peer: Peer, { id, payload }: ExtendedMessage): void {
    if (!peer.extensions.extended) return;
    switch (id) {
      case EXTENDED_HANDSHAKE_ID:
        return this.#receiveHandshake(peer, payload);
      case PEER_EXCHANGE_ID:
        return this.exchange?.receive(peer, payload);
      case METADATA_ID:
        return this.#answerMetadata(peer, payload);
    }
  }

  #answerMetadata(peer: Peer, payload: Uint8Array): void {
    const reply = this.#metadata?.answer(peer, payload, this.#context.now);
    const { metadataId: id } = peer;
    if (reply === undefined || !id) return;
    this.#context.send(peer, { type: "extended", id, ...reply });
  }

  #receiveHandshake(peer: Peer, payload: Uint8Array): void {
    const handshake = parseExtendedHandshake(payload);
    const { peerExchangeId, requestQueueLength } = handshake;
    // A complete peer wants nothing, even if it does not set upload-only.
    const isUploadOnly = handshake.isComplete ?? handshake.isUploadOnly;
    peer.isUploadOnly = isUploadOnly ?? peer.isUploadOnly;
    peer.isComplete ||= handshake.isComplete === true;
    peer.requestQueueLength = requestQueueLength ?? peer.requestQueueLength;
    peer.requestLength = handshake.requestLength ?? peer.requestLength;
    peer.client = handshake.client ?? peer.client;
    peer.metadataId = handshake.metadataId ?? peer.metadataId;
    peer.ownHostname = handshake.yourHostname ?? peer.ownHostname;
    // A peer that we dialed listens at the dialed port, whatever port it names.
    peer.listenPort ??= handshake.port;
    this.exchange?.noteContact(peer);
    if (peerExchangeId !== undefined) {
      this.exchange?.setId(peer, peerExchangeId);
    }
  }
}
