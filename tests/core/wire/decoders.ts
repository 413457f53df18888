/**
 * The decoders of the peer wire protocol for fuzzing, with the invariants of all
 * that they accept.
 *
 * @module
 */
import { assert } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  infoHashFromBytes,
  peerIdFromBytes,
} from "../../../lib/base/identifier.ts";
import {
  MAX_METADATA_LENGTH,
  parseExtendedHandshake,
} from "../../../lib/wire/extended_handshake.ts";
import { encodeHandshake, readHandshake } from "../../../lib/wire/handshake.ts";
import {
  MAX_EXCHANGED_PEERS,
  parsePeerExchange,
} from "../../../lib/wire/peer_exchange_message.ts";
import { readMessage } from "../../../lib/wire/read_message.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { joined, readAll, type Reader } from "./feeding.ts";
import { FRAMES } from "./frames.ts";
import {
  CROWDED_EXCHANGE_PAYLOAD,
  EXCHANGE_PAYLOAD,
  HANDSHAKE_PAYLOADS,
  LARGE_HANDSHAKE,
} from "./payloads.ts";

/** Longest message accepted, in bytes: that of a request. */
const MAX_LENGTH = 13;

const HANDSHAKE = encodeHandshake({
  infoHash: infoHashFromBytes(new Uint8Array(20).fill(0xa5)),
  peerId: peerIdFromBytes(new TextEncoder().encode("-LS0001-abcdefghijkl")),
  extensions: { fast: true, extended: true },
});

/** The values in the bytes; `undefined` if none is complete. */
function valuesOf<T>(bytes: Uint8Array, read: Reader<T>): T[] | undefined {
  const { values } = readAll(bytes, read);
  return values.length > 0 ? values : undefined;
}

/** The decoders of the peer wire protocol. */
export const WIRE_DECODERS: readonly NamedFuzzTarget[] = [
  {
    name: "readMessage() accepts any bytes, waits or throws ProtocolError",
    // Alone, and one after another.
    examples: [
      ...FRAMES.map(([, bytes]) => bytes),
      joined(...FRAMES.map(([, bytes]) => bytes)),
    ],
    decode: (bytes) => {
      const limits = { maxLength: MAX_LENGTH };
      const messages = valuesOf(bytes, (queue) => readMessage(queue, limits));
      for (const message of messages ?? []) {
        assert(typeof message.type === "string");
        if (message.type === "piece") {
          assert(message.block.length <= MAX_LENGTH - 9);
        }
        if (message.type === "extended") {
          assert(message.payload.length <= MAX_LENGTH - 2);
        }
      }
      return messages;
    },
    refusal: ProtocolError,
  },
  {
    name: "readHandshake() accepts any bytes, waits or throws ProtocolError",
    examples: [HANDSHAKE, joined(HANDSHAKE, HANDSHAKE)],
    decode: (bytes) => {
      const handshakes = valuesOf(bytes, readHandshake);
      for (const { infoHash, peerId } of handshakes ?? []) {
        assert(infoHash.length === 40 && peerId.length === 40);
      }
      return handshakes;
    },
    refusal: ProtocolError,
  },
  {
    name:
      "parseExtendedHandshake() accepts or throws ProtocolError, whatever the bytes",
    examples: [...HANDSHAKE_PAYLOADS, LARGE_HANDSHAKE],
    decode: (bytes) => {
      const handshake = parseExtendedHandshake(bytes);
      const { peerExchangeId: id, port, requestQueueLength } = handshake;
      assert(id === undefined || (id >= 0 && id <= 255));
      assert(
        handshake.metadataLength === undefined ||
          (handshake.metadataLength >= 1 &&
            handshake.metadataLength <= MAX_METADATA_LENGTH),
      );
      assert(port === undefined || (port >= 1 && port <= 65535));
      assert(requestQueueLength === undefined || requestQueueLength >= 1);
      assert((handshake.client?.length ?? 0) <= 64);
      return handshake;
    },
    refusal: ProtocolError,
  },
  {
    name:
      "parsePeerExchange() accepts or throws ProtocolError, whatever the bytes",
    examples: [EXCHANGE_PAYLOAD, CROWDED_EXCHANGE_PAYLOAD],
    decode: (bytes) => {
      const peers = parsePeerExchange(bytes);
      assert(peers.length <= MAX_EXCHANGED_PEERS);
      for (const { address } of peers) assert(address.port > 0);
      return peers;
    },
    refusal: ProtocolError,
  },
];
