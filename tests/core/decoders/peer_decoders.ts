/**
 * Fuzz targets: the decoders of what peers send, and of files, with the invariants of
 * all that they accept.
 */
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  infoHashFromBytes,
  infoHashFromHex,
  peerIdFromBytes,
} from "../../../lib/base/identifier.ts";
import { BencodeError, decodeBencode } from "../../../lib/bencode/decode.ts";
import { encodeBencode } from "../../../lib/bencode/encode.ts";
import {
  encodeResumeRecord,
  knownPieces,
  parseResumeRecord,
} from "../../../lib/disk/resume_record.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import {
  encodeMetadataMessage,
  METADATA_PIECE_LENGTH,
  parseMetadataMessage,
} from "../../../lib/metadata/metadata_message.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import {
  formatMagnetLink,
  parseMagnetLink,
} from "../../../lib/metainfo/magnet_link.ts";
import { MetainfoError } from "../../../lib/metainfo/metainfo_error.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import { findPathFault } from "../../../lib/metainfo/safe_path.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
} from "../../../lib/metainfo/torrent.ts";
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
import { latin1 } from "../bencode/bytes.ts";
import { sampleTorrent } from "../disk/sample_torrent.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { joined, readAll, type Reader } from "../wire/feeding.ts";
import { FRAMES } from "../wire/frames.ts";
import {
  CROWDED_EXCHANGE_PAYLOAD,
  EXCHANGE_PAYLOAD,
  HANDSHAKE_PAYLOADS,
  LARGE_HANDSHAKE,
} from "../wire/payloads.ts";

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

const WIRE_DECODERS: readonly NamedFuzzTarget[] = [
  {
    name: "readMessage() accepts any bytes, waits or throws ProtocolError",
    // Alone, and one after another.
    examples: [
      ...FRAMES.map(([, bytes]) => bytes),
      joined(...FRAMES.map(([, bytes]) => bytes)),
    ],
    decode: (bytes) => {
      const messages = valuesOf(bytes, (it) => readMessage(it, MAX_LENGTH));
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

const BENCODE_EXAMPLES = [
  "d4:infod6:lengthi5e4:name1:ae4:listl1:xi-1eee",
  "lllleeee",
  "d5:filesd20:\xff23456789012345678\x0fd8:completei1e10:incompletei2eeee",
  "i9007199254740993e",
  "l0:1:\xffi0ei-10ee",
  "l".repeat(30) + "e".repeat(30),
].map(latin1);

const BENCODE_DECODER: NamedFuzzTarget = {
  name: "decodeBencode() accepts or throws BencodeError, whatever the bytes",
  examples: BENCODE_EXAMPLES,
  decode: (bytes) => {
    const value = decodeBencode(bytes);
    // An accepted value can be encoded and decoded again.
    if (!hasUnsafeIntegerOrByteKey(bytes)) {
      assertEquals(decodeBencode(encodeBencode(value)), value);
    }
    return value;
  },
  refusal: BencodeError,
};

/** Decoding rounds long integers, and encoding writes text as UTF-8. */
function hasUnsafeIntegerOrByteKey(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f) ||
    /\d{16}/.test(String.fromCharCode(...bytes));
}

const TORRENT_EXAMPLES = [
  buildTorrent({
    name: "document.pdf",
    content: { type: "file", length: 20_000, isExecutable: true },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(40),
    announce: ["http://a/announce", "http://b/announce"],
    isPrivate: true,
    comment: "a remark",
    creationDate: 1_700_000_000,
    similar: [infoHashFromHex("61".repeat(20))],
    collections: ["a.b"],
  }),
  buildTorrent({
    name: "folder",
    content: {
      type: "folder",
      files: [
        { path: ["a", "b"], length: 3 },
        { path: ["c"], length: 0 },
        { path: ["d"], length: 1, isExecutable: true },
        { path: ["l"], length: 0, linkTarget: ["a", "b"] },
        { path: ["e", "m"], length: 0, linkTarget: ["a"] },
      ],
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: [],
  }),
  buildTorrent({
    name: "many",
    content: {
      type: "folder",
      files: Array.from({ length: 30 }, (_, at) => ({
        path: ["folder", `file ${at}`],
        length: at,
      })),
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: ["http://a/announce"],
  }),
  latin1(
    "d4:infod5:filesld4:attr1:p6:lengthi0e4:pathl2:..eed6:lengthi-1e" +
      "10:path.utf-8l1:ae4:pathl1:\xffeee4:name2:C:10:name.utf-81:/" +
      "12:piece lengthi0e6:pieces0:12:meta versioni2eee",
  ),
];

const TORRENT_DECODER: NamedFuzzTarget = {
  name: "parseTorrent() accepts or throws MetainfoError, whatever the bytes",
  examples: TORRENT_EXAMPLES,
  decode: async (bytes) => {
    const torrent = await parseTorrent(bytes, { sha1 });
    assertInvariants(torrent);
    return torrent;
  },
  refusal: MetainfoError,
};

function assertInvariants(torrent: Torrent): void {
  const { files, geometry, pieceHashes } = torrent;
  const length = files.reduce((sum, file) => sum + file.length, 0);
  assertEquals(length, geometry.length);
  assertEquals(pieceHashes.length, geometry.pieceCount * PIECE_HASH_LENGTH);
  const paths = new Map(files.map((file) => [file.path.join("/"), file]));
  for (const { path, linkTarget, length, isPadding } of files) {
    assertEquals(findPathFault(path, "linux"), undefined);
    if (linkTarget === undefined) continue;
    assertEquals([length, isPadding], [0, false]);
    assertEquals(findPathFault(linkTarget, "linux"), undefined);
    const target = linkTarget.join("/");
    const isFolder = files.some((file) =>
      !file.isPadding && file.path.join("/").startsWith(`${target}/`)
    );
    const file = paths.get(target);
    assertEquals(isFolder || file !== undefined, true);
    assertEquals(file?.linkTarget, undefined);
  }
}

const MAGNET_TOPIC = "xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a";

const MAGNET_DECODER: NamedFuzzTarget = {
  name: "parseMagnetLink() accepts or throws RangeError, whatever the text",
  examples: [
    `magnet:?${MAGNET_TOPIC}`,
    `magnet:?${MAGNET_TOPIC}&dn=a+b%20%e2%82%ac&tr=http%3A%2F%2Ft%3A8000%2Fannounce`,
    `magnet:?dn=%00%1b%5b&${MAGNET_TOPIC}&tr=udp://t:1&tr.1=wss://t&x.pe=192.0.2.1:6881`,
    `magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK&so=0,2,4-6`,
    `magnet:?${MAGNET_TOPIC}&x.pe=[2001:db8::1]:6881&x.pe=host.local:65535&x.pe=:1`,
  ].map(latin1),
  decode: (bytes) => {
    const link = parseMagnetLink(String.fromCharCode(...bytes));
    assert(/^[0-9a-f]{40}$/.test(link.infoHash));
    assert([...link.name ?? "a"].length <= 64);
    assert(!/[\p{Cc}\p{Bidi_Control}]/u.test(link.name ?? ""));
    for (const url of link.trackers) assert(URL.canParse(url));
    for (const { port } of link.peers) assert(port >= 1 && port <= 65_535);
    // As JSON: comparing 10,000 files takes 4 ms, which would count as decoding.
    assertEquals(
      JSON.stringify(parseMagnetLink(formatMagnetLink(link))),
      JSON.stringify(link),
    );
    return link;
  },
  refusal: RangeError,
};

const METADATA_DECODER: NamedFuzzTarget = {
  name:
    "parseMetadataMessage() accepts or throws ProtocolError, whatever the bytes",
  examples: [
    "d8:msg_typei0e5:piecei0ee",
    "d8:msg_typei1e5:piecei1e10:total_sizei16389eexxxxx",
    "d8:msg_typei2e5:piecei2047ee",
    "d8:msg_typei3e5:piecei0ee",
    "d3:fooli1ed1:a1:bee8:msg_typei0e5:piecei7ee",
  ].map(latin1),
  decode: (bytes) => {
    const message = parseMetadataMessage(bytes);
    if (message === undefined) return "unknown";
    assert(message.piece >= 0 && message.piece < 2048);
    if (message.type === "data") {
      assert(message.bytes.length <= METADATA_PIECE_LENGTH);
    }
    const { payload, tail = new Uint8Array() } = encodeMetadataMessage(message);
    assertEquals(parseMetadataMessage(concat([payload, tail])), message);
    return message;
  },
  refusal: ProtocolError,
};

const SUM_LENGTH = 20;

const { torrent } = sampleTorrent(16384, [
  { path: ["t", "a"], length: 16384 + 100 },
  { path: ["t", "b"], length: 2 * 16384 },
  { path: ["t", "c"], length: 10 },
]);

const RESUME_STAMPS = [
  { size: 16484, modifiedMs: 1_700_000_000_123 },
  undefined,
  { size: 10, modifiedMs: 1 },
];

const RESUME_RECORD = encodeResumeRecord(torrent, {
  have: Bitfield.full(torrent.geometry.pieceCount),
  stamps: RESUME_STAMPS,
});

/** Parses a record with the right checksum, as a wrong one ends the decoding. */
const RESUME_DECODER: NamedFuzzTarget = {
  name: "parseResumeRecord() survives mutated records",
  examples: [RESUME_RECORD.subarray(0, -SUM_LENGTH)],
  decode: (input) => {
    const bytes = new Uint8Array(input.length + SUM_LENGTH);
    bytes.set(input);
    bytes.set(sha1(input), input.length);
    const record = parseResumeRecord(torrent, bytes);
    return record && knownPieces(torrent, record, RESUME_STAMPS);
  },
};

export const PEER_DECODERS: readonly NamedFuzzTarget[] = [
  ...WIRE_DECODERS,
  BENCODE_DECODER,
  TORRENT_DECODER,
  MAGNET_DECODER,
  METADATA_DECODER,
  RESUME_DECODER,
];
