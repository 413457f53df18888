/**
 * The extension protocol's part of the engine: what we say of ourselves, what peers
 * say of themselves, and peer exchange. [BEP 10] Messages of a peer that does not
 * support the protocol, and those with an id that we assigned to nothing, are
 * ignored; a malformed message is a breach of the protocol.
 *
 * @module
 */
import { PRODUCT } from "../base/version.ts";
import {
  encodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  parseExtendedHandshake,
  PEER_EXCHANGE_ID,
} from "../wire/extended_handshake.ts";
import type { ExtendedMessage } from "../wire/message.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import { PeerExchange, type PeerExchangeOptions } from "./peer_exchange.ts";
import { MAX_QUEUED_REQUESTS } from "./uploads.ts";

/** What one peer says of itself. */
export class PeerProfile {
  readonly peer: Peer;
  /** Port where it listens, if that is known. */
  listenPort: number | undefined;
  /** Its name and version. */
  client: string | undefined;
  /** Our address as it sees it. */
  ownHostname: string | undefined;
  /** Whether it wants no content. [BEP 21] */
  isUploadOnly = false;
  /** Requests that it queues. */
  requestQueueLength: number | undefined;

  constructor(peer: Peer, listenPort: number | undefined) {
    this.peer = peer;
    this.listenPort = listenPort;
  }
}

/** What the extensions are created with. */
export interface ExtensionsOptions extends PeerExchangeOptions {
  /** Whether only trackers may name peers: nothing is exchanged. [BEP 27] @default {false} */
  readonly isPrivate?: boolean;
}

/** The extensions of one torrent's connections. */
export class Extensions {
  readonly #context: SwarmContext;
  readonly #options: ExtensionsOptions;
  readonly #profiles = new Set<PeerProfile>();
  /** `undefined` for a private torrent. */
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

  /**
   * Sends our handshake. A peer that sees only some of our pieces is not told that we
   * want none: libtorrent leaves a peer that wants nothing and has nothing for it.
   */
  greet(
    { peer }: PeerProfile,
    now: number,
    { seesAll }: { seesAll: boolean },
  ): void {
    this.#sendHandshake(peer, now, seesAll && this.#context.have.isFull);
  }

  /** We have everything and want no more. [BEP 21] */
  completed(now: number): void {
    for (const { peer } of this.#profiles) {
      this.#sendHandshake(peer, now, true);
    }
  }

  /** @throws {ProtocolError} If a message for us is malformed, or comes too often. */
  receive(profile: PeerProfile, message: ExtendedMessage, now: number): void {
    if (!profile.peer.extensions.extended) return;
    switch (message.id) {
      case EXTENDED_HANDSHAKE_ID:
        return this.#receiveHandshake(profile, message.payload, now);
      case PEER_EXCHANGE_ID:
        this.#exchange?.receive(profile, message.payload, now);
    }
  }

  tick(now: number): void {
    this.#exchange?.tick(now);
  }

  /** Sends all of it each time: libtorrent takes a missing key of a later handshake for a withdrawal. */
  #sendHandshake(peer: Peer, now: number, isUploadOnly: boolean): void {
    if (!peer.extensions.extended) return;
    const payload = encodeExtendedHandshake({
      peerExchangeId: this.#exchange && PEER_EXCHANGE_ID,
      client: PRODUCT,
      // A peer that dialed us knows where we listen.
      port: peer.isOutgoing ? this.#options.listenPort : undefined,
      yourHostname: peer.hostname,
      requestQueueLength: MAX_QUEUED_REQUESTS,
      isUploadOnly: isUploadOnly ? true : undefined,
      isComplete: this.#context.have.isFull ? true : undefined,
    });
    const id = EXTENDED_HANDSHAKE_ID;
    this.#context.send(peer, { type: "extended", id, payload }, now);
  }

  #receiveHandshake(
    profile: PeerProfile,
    payload: Uint8Array,
    now: number,
  ): void {
    const handshake = parseExtendedHandshake(payload);
    const { isComplete, peerExchangeId } = handshake;
    // A complete peer wants nothing, whether or not it says so to all.
    profile.isUploadOnly = isComplete ?? handshake.isUploadOnly ??
      profile.isUploadOnly;
    profile.requestQueueLength = handshake.requestQueueLength ??
      profile.requestQueueLength;
    profile.client = handshake.client ?? profile.client;
    profile.ownHostname = handshake.yourHostname ?? profile.ownHostname;
    // A peer that we dialed listens there, whatever it says.
    profile.listenPort ??= handshake.port;
    this.#exchange?.noteContact(profile);
    if (peerExchangeId !== undefined) {
      this.#exchange?.setId(profile, peerExchangeId, now);
    }
  }
}
