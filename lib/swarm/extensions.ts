/**
 * The extension protocol [BEP 10]: the handshake, in which both ends describe
 * themselves, peer exchange, and requests for metadata. Messages of a peer that does
 * not support the protocol, and those with an id that we assigned to nothing, are
 * ignored.
 *
 * @module
 */
import { PRODUCT } from "../base/version.ts";
import {
  encodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  METADATA_ID,
  parseExtendedHandshake,
  PEER_EXCHANGE_ID,
} from "../wire/extended_handshake.ts";
import type { ExtendedMessage } from "../wire/message.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import { PeerExchange, type PeerExchangeOptions } from "./peer_exchange.ts";
import { MAX_QUEUED_REQUESTS } from "./upload_order.ts";
import { MAX_REQUEST_LENGTH } from "./uploads.ts";

/** The properties that a peer claims in its handshake. */
export class PeerProfile {
  readonly peer: Peer;
  /** Port where it listens, if that is known. */
  listenPort: number | undefined;
  /** Its name and version. */
  client: string | undefined;
  /** Our address as it sees it. */
  ownHostname: string | undefined;
  /** True if it wants no content [BEP 21]; plays no part in choking, which follows interest. */
  isUploadOnly = false;
  /** True if it says that it has every piece, also those that it does not announce. */
  isComplete = false;
  /** Requests that it queues. */
  requestQueueLength: number | undefined;
  /** Longest request that it answers, in bytes; `undefined` if it does not say. */
  requestLength: number | undefined;
  /** The id under which it takes metadata. */
  metadataId: number | undefined;

  constructor(peer: Peer, listenPort: number | undefined) {
    this.peer = peer;
    this.listenPort = listenPort;
  }
}

/** Serves the torrent's metadata; a `MetadataServer` is one. [BEP 9] */
export interface MetadataSource {
  /** In bytes. */
  readonly length: number;
  /** The reply to a message of a peer, if it needs one. @throws {ProtocolError} If it is malformed. */
  answer(
    peer: WeakKey,
    payload: Uint8Array,
    now: number,
  ): Pick<ExtendedMessage, "payload" | "tail"> | undefined;
}

/** Options of {@linkcode Extensions}. */
export interface ExtensionsOptions extends PeerExchangeOptions {
  /** True if only trackers may name peers. [BEP 27] @default {false} */
  readonly isPrivate?: boolean;
  /** Not of a private torrent, as other clients do. [BEP 27] @default {none is served} */
  readonly metadata?: MetadataSource | undefined;
}

/** The extensions of one torrent's connections. */
export class Extensions {
  readonly #context: SwarmContext;
  readonly #options: ExtensionsOptions;
  readonly #profiles = new Set<PeerProfile>();
  /** `undefined` for a private torrent: only trackers may name its peers. [BEP 27] */
  readonly #exchange: PeerExchange | undefined;

  constructor(context: SwarmContext, options: ExtensionsOptions) {
    this.#context = context;
    this.#options = options;
    if (!options.isPrivate) this.#exchange = new PeerExchange(context, options);
  }

  join(peer: Peer, listenPort: number | undefined): PeerProfile {
    const profile = new PeerProfile(peer, listenPort);
    this.#profiles.add(profile);
    this.#exchange?.noteContact(profile);
    return profile;
  }

  leave(profile: PeerProfile): void {
    this.#profiles.delete(profile);
    this.#exchange?.leave(profile);
  }

  /** Sends a whole handshake each time: libtorrent takes a key that a later one lacks for withdrawn. */
  greet(peer: Peer, options: { isUploadOnly: boolean }): void {
    if (!peer.extensions.extended) return;
    const payload = encodeExtendedHandshake({
      peerExchangeId: this.#exchange && PEER_EXCHANGE_ID,
      metadataId: this.#options.metadata && METADATA_ID,
      metadataLength: this.#options.metadata?.length,
      client: PRODUCT,
      // A peer that dialed us knows where we listen.
      port: peer.isOutgoing ? this.#options.listenPort : undefined,
      yourHostname: peer.hostname,
      requestQueueLength: MAX_QUEUED_REQUESTS,
      requestLength: MAX_REQUEST_LENGTH,
      isUploadOnly: options.isUploadOnly || undefined,
      isComplete: this.#context.have.isFull || undefined,
    });
    const id = EXTENDED_HANDSHAKE_ID;
    this.#context.send(peer, { type: "extended", id, payload });
  }

  /** Tells every peer that we want no more. [BEP 21] */
  completed(): void {
    const options = { isUploadOnly: true };
    for (const { peer } of this.#profiles) this.greet(peer, options);
  }

  /** @throws {ProtocolError} If a message for us is malformed, or comes too often. */
  receive(profile: PeerProfile, message: ExtendedMessage): void {
    if (!profile.peer.extensions.extended) return;
    switch (message.id) {
      case EXTENDED_HANDSHAKE_ID:
        return this.#receiveHandshake(profile, message.payload);
      case PEER_EXCHANGE_ID:
        return this.#exchange?.receive(profile, message.payload);
      case METADATA_ID:
        return this.#answerMetadata(profile, message.payload);
    }
  }

  tick(): void {
    this.#exchange?.tick();
  }

  #answerMetadata(profile: PeerProfile, payload: Uint8Array): void {
    const { metadata } = this.#options;
    const reply = metadata?.answer(profile, payload, this.#context.now);
    const { peer, metadataId: id } = profile;
    if (reply === undefined || !id) return;
    this.#context.send(peer, { type: "extended", id, ...reply });
  }

  #receiveHandshake(profile: PeerProfile, payload: Uint8Array): void {
    const handshake = parseExtendedHandshake(payload);
    const { client, peerExchangeId, requestQueueLength } = handshake;
    // A complete peer wants nothing, whether or not it says so to all.
    const isUploadOnly = handshake.isComplete ?? handshake.isUploadOnly;
    profile.isUploadOnly = isUploadOnly ?? profile.isUploadOnly;
    profile.isComplete ||= handshake.isComplete === true;
    profile.requestQueueLength = requestQueueLength ??
      profile.requestQueueLength;
    profile.requestLength = handshake.requestLength ?? profile.requestLength;
    profile.client = client ?? profile.client;
    profile.metadataId = handshake.metadataId ?? profile.metadataId;
    profile.ownHostname = handshake.yourHostname ?? profile.ownHostname;
    // A peer that we dialed listens there, whatever it says.
    profile.listenPort ??= handshake.port;
    this.#exchange?.noteContact(profile);
    if (peerExchangeId !== undefined) {
      this.#exchange?.setId(profile, peerExchangeId);
    }
  }
}
