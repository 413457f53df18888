/**
 * A connected peer while we have no metadata: what we say of ourselves, and what its
 * messages of the extension protocol mean. [BEP 9, 10, 11] It is the peer of a
 * `Dialer`.
 *
 * @module
 */
import { isDialable, type PeerAddress } from "../base/peer_address.ts";
import { PRODUCT } from "../base/version.ts";
import {
  encodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  METADATA_ID,
  parseExtendedHandshake,
  PEER_EXCHANGE_ID,
} from "../wire/extended_handshake.ts";
import type { ExtendedMessage } from "../wire/message.ts";
import { parsePeerExchange } from "../wire/peer_exchange_message.ts";
import {
  encodeMetadataMessage,
  type MetadataMessage,
  parseMetadataMessage,
} from "./metadata_message.ts";

/** The meaning of a message of a peer. */
export type MetadataNews =
  /** It has metadata of this length, in bytes. */
  | { readonly type: "offered"; readonly length: number }
  | { readonly type: "received"; readonly message: MetadataMessage }
  /** It names other peers, which may be dialed. */
  | { readonly type: "exchanged"; readonly addresses: readonly PeerAddress[] };

export class MetadataPeer {
  readonly peer: { readonly hostname: string; listenPort: number | undefined };
  /** The first message for it. */
  readonly greeting: ExtendedMessage;
  hasMetadata = false;
  /** The id under which it takes our messages; 0 if it takes none. */
  #id = 0;

  constructor({ hostname, dialedPort, ownPort }: {
    readonly hostname: string;
    /** The port that we dialed; `undefined` if the peer connected to us. */
    readonly dialedPort: number | undefined;
    /** Our listening port. */
    readonly ownPort: number;
  }) {
    this.peer = { hostname, listenPort: dialedPort };
    const payload = encodeExtendedHandshake({
      peerExchangeId: PEER_EXCHANGE_ID,
      metadataId: METADATA_ID,
      client: PRODUCT,
      // A peer that dialed us knows where we listen.
      port: dialedPort === undefined ? undefined : ownPort,
      yourHostname: hostname,
    });
    this.greeting = { type: "extended", id: EXTENDED_HANDSHAKE_ID, payload };
  }

  /** @throws {ProtocolError} If the message is malformed. */
  receive({ id, payload }: ExtendedMessage): MetadataNews | undefined {
    switch (id) {
      case EXTENDED_HANDSHAKE_ID:
        return this.#receiveHandshake(payload);
      case PEER_EXCHANGE_ID: {
        const addresses = parsePeerExchange(payload)
          .map(({ address }) => address)
          .filter((address) => isDialable(address, this.peer.hostname));
        return { type: "exchanged", addresses };
      }
      case METADATA_ID: {
        const message = parseMetadataMessage(payload);
        return message && { type: "received", message };
      }
      default:
        return undefined;
    }
  }

  /** A message for the peer; `undefined` if it takes none. */
  encode(message: MetadataMessage): ExtendedMessage | undefined {
    const id = this.#id;
    if (id === 0) return undefined;
    return { type: "extended", id, ...encodeMetadataMessage(message) };
  }

  #receiveHandshake(payload: Uint8Array): MetadataNews | undefined {
    const { port, metadataId, metadataLength: length } = parseExtendedHandshake(
      payload,
    );
    this.peer.listenPort ??= port;
    this.#id = metadataId ?? this.#id;
    if (this.#id === 0 || length === undefined) return undefined;
    this.hasMetadata = true;
    return { type: "offered", length };
  }
}
