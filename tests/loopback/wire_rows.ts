/**
 * The behaviour of a session on the wire as data: each row is a message, and the
 * reaction of a seeder and of a leecher. `docs/protocol.md` has the same as a table. [BEP 3, 6, 10, 11]
 */
import { latin1 } from "../core/bencode/bytes.ts";
import { memoryTorrent } from "./memory_torrent.ts";
import { frame, handshake, joined, peerIdOf, uint32 } from "./raw_peer.ts";
import {
  BLOCK,
  ID,
  INTERESTED,
  KEEP_ALIVE,
  KIB,
  UNCHOKE,
} from "./wire_scene.ts";

/** Ten pieces of two blocks, the last one short: a bitfield of two bytes with six spare bits. */
export const TABLE_SAMPLE = await memoryTorrent({
  name: "table",
  length: 9 * 32 * KIB + 20_000,
  pieceLength: 32 * KIB,
});

/** The reaction: the connection is closed, or these messages come, by id; none if it is ignored. */
export type Outcome = "closes" | readonly number[];

export const IGNORED: Outcome = [];

export interface WireRow {
  readonly name: string;
  /** Sent behind the handshake. */
  readonly bytes: Uint8Array;
  readonly seeder: Outcome;
  readonly leecher: Outcome;
}

function both(name: string, bytes: Uint8Array, outcome: Outcome): WireRow {
  return { name, bytes, seeder: outcome, leecher: outcome };
}

function closes(name: string, bytes: Uint8Array): WireRow {
  return both(name, bytes, "closes");
}

function ignored(name: string, bytes: Uint8Array): WireRow {
  return both(name, bytes, IGNORED);
}

function leecherAnswers(
  name: string,
  bytes: Uint8Array,
  answers: readonly number[],
): WireRow {
  return { name, bytes, seeder: IGNORED, leecher: answers };
}

const CHOKE = frame(ID.choke);
const NOT_INTERESTED = frame(ID.notInterested);
const have = (index: number): Uint8Array => frame(ID.have, uint32(index));
const request = (...range: number[]): Uint8Array =>
  frame(ID.request, uint32(...range));
const reject = (...range: number[]): Uint8Array =>
  frame(ID.reject, uint32(...range));

/** The last piece, of two blocks, which the peer offers. */
const LAST = 9;
const OFFER = joined(have(LAST), UNCHOKE);
const REQUESTED = [ID.interested, ID.request, ID.request];
const lastContent = TABLE_SAMPLE.content.subarray(LAST * 32 * KIB);

/** Messages of a peer that speaks BEP 3 alone. */
export const PLAIN_ROWS: readonly WireRow[] = [
  closes("a length just over the limit", uint32(1024 * KIB + 1)),
  closes("a length that is negative as a signed number", uint32(0x8000_0000)),
  closes("the greatest length", uint32(0xffff_ffff)),
  closes(
    "a second handshake",
    handshake(TABLE_SAMPLE.torrent.infoHash, peerIdOf(1)),
  ),
  ignored("a keep-alive", Uint8Array.from(KEEP_ALIVE)),
  ignored("a choke", joined(CHOKE, CHOKE)),
  closes("a choke with a payload", frame(ID.choke, [0])),
  ignored("an unchoke while not interested", UNCHOKE),
  closes("an unchoke with a payload", frame(ID.unchoke, [0])),
  both("interested", joined(INTERESTED, INTERESTED), [ID.unchoke]),
  closes("interested with a payload", frame(ID.interested, [0])),
  ignored("not interested", NOT_INTERESTED),
  closes("not interested with a payload", frame(ID.notInterested, [0])),
  leecherAnswers("a have", joined(have(3), have(3)), [ID.interested]),
  closes("a have of three bytes", frame(ID.have, [0, 0, 1])),
  closes("a have of five bytes", frame(ID.have, [0, 0, 0, 1, 0])),
  closes("a have beyond the last piece", have(10)),
  closes("a have of the greatest index", have(0xffff_ffff)),
  leecherAnswers("a have and an unchoke", OFFER, REQUESTED),
  leecherAnswers(
    "a choke with outstanding requests",
    joined(OFFER, CHOKE),
    REQUESTED,
  ),
  leecherAnswers(
    "a choke and an unchoke with outstanding requests",
    joined(OFFER, CHOKE, UNCHOKE),
    [...REQUESTED, ID.request, ID.request],
  ),
  leecherAnswers("a bitfield", frame(ID.bitfield, [0x10, 0]), [ID.interested]),
  ignored("an empty bitfield", frame(ID.bitfield, [0, 0])),
  leecherAnswers(
    "a second bitfield, behind a have",
    joined(
      frame(ID.bitfield, [0x80, 0]),
      have(1),
      frame(ID.bitfield, [0x80, 0x80]),
    ),
    [ID.interested],
  ),
  {
    name: "a full bitfield",
    bytes: frame(ID.bitfield, [0xff, 0xc0]),
    seeder: "closes",
    leecher: [ID.interested],
  },
  closes("a bitfield too short", frame(ID.bitfield, [0x80])),
  closes("a bitfield too long", frame(ID.bitfield, [0x80, 0, 0])),
  closes("a bitfield with a spare bit set", frame(ID.bitfield, [0x80, 0x20])),
  closes("a bitfield of no bytes", frame(ID.bitfield)),
  ignored("a request while choked", request(0, 0, BLOCK)),
  {
    name: "a request",
    bytes: joined(INTERESTED, request(1, 5, 70)),
    seeder: [ID.unchoke, ID.piece],
    leecher: [ID.unchoke],
  },
  {
    name: "a request and a cancel that comes too late",
    bytes: joined(
      INTERESTED,
      request(1, 5, 70),
      frame(ID.cancel, uint32(1, 5, 70)),
    ),
    seeder: [ID.unchoke, ID.piece],
    leecher: [ID.unchoke],
  },
  closes("a request of eleven bytes", frame(ID.request, new Uint8Array(11))),
  closes("a request beyond the last piece", request(10, 0, 1)),
  closes("a request of no bytes", request(0, 0, 0)),
  closes("a request over 256 KiB", request(0, 0, 256 * KIB + 1)),
  closes("a request past the end of its piece", request(0, 32 * KIB - 1, 2)),
  closes("a request past the end of the torrent", request(9, 0, 20_001)),
  closes("a request whose end wraps around", request(0, 0xffff_ffff, 2)),
  ignored(
    "a block that was not requested",
    frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK)),
  ),
  closes(
    "65 blocks that were not requested",
    joined(
      ...Array(65).fill(frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK))),
    ),
  ),
  ignored(
    "a block beyond the last piece",
    frame(ID.piece, uint32(10, 0), [1]),
  ),
  ignored("an empty block at a wrong offset", frame(ID.piece, uint32(7, 1))),
  closes("a block without its offset", frame(ID.piece, new Uint8Array(7))),
  closes(
    "a block of another length than requested",
    frame(ID.piece, uint32(7, 0), new Uint8Array(5)),
  ),
  leecherAnswers(
    "the requested blocks",
    joined(
      OFFER,
      frame(ID.piece, uint32(LAST, 0), lastContent.subarray(0, BLOCK)),
      frame(ID.piece, uint32(LAST, BLOCK), lastContent.subarray(BLOCK)),
    ),
    [...REQUESTED, ID.notInterested],
  ),
  ignored(
    "a cancel of a block that was not requested",
    frame(ID.cancel, uint32(0, 0, BLOCK)),
  ),
  ignored(
    "a cancel beyond the last piece",
    frame(ID.cancel, uint32(99, 99, 0)),
  ),
  closes("a cancel of eleven bytes", frame(ID.cancel, new Uint8Array(11))),
  ignored("the port of a DHT node", frame(9, [0x1a, 0xe1])),
  ignored(
    "unknown messages",
    joined(frame(10), frame(21, [1]), frame(255, new Uint8Array(70))),
  ),
  closes("have all without the fast extension", frame(ID.haveAll)),
  closes("have none without the fast extension", frame(ID.haveNone)),
  closes("a suggest without the fast extension", frame(ID.suggest, uint32(0))),
  closes("a reject without the fast extension", reject(0, 0, BLOCK)),
  closes(
    "allowed fast without the fast extension",
    frame(ID.allowedFast, uint32(0)),
  ),
  ignored(
    "an extended message without the extension protocol",
    frame(ID.extended, [0], latin1("x")),
  ),
];

function extended(id: number, text: string): Uint8Array {
  return frame(ID.extended, [id], latin1(text));
}

const EXCHANGE = extended(1, "d5:added6:\x7f\0\0\x01\0\x16e");

const METADATA_REQUEST = extended(2, "d8:msg_typei0e5:piecei0ee");

/** Messages of a peer that speaks the fast extension and the extension protocol. */
export const EXTENSION_ROWS: readonly WireRow[] = [
  {
    name: "have all",
    bytes: frame(ID.haveAll),
    seeder: "closes",
    leecher: [ID.interested],
  },
  closes("have all with a payload", frame(ID.haveAll, [0])),
  ignored("have none", frame(ID.haveNone)),
  closes("have none with a payload", frame(ID.haveNone, [0])),
  closes("have none behind a have", joined(have(1), frame(ID.haveNone))),
  ignored("a suggest", frame(ID.suggest, uint32(7))),
  closes(
    "a suggest beyond the last piece",
    frame(ID.suggest, uint32(10)),
  ),
  closes("a suggest of three bytes", frame(ID.suggest, [0, 0, 1])),
  ignored(
    "allowed fast for a piece that the peer lacks",
    frame(ID.allowedFast, uint32(LAST)),
  ),
  leecherAnswers(
    "allowed fast while the peer chokes",
    joined(have(LAST), frame(ID.allowedFast, uint32(LAST))),
    REQUESTED,
  ),
  closes(
    "allowed fast beyond the last piece",
    frame(ID.allowedFast, uint32(10)),
  ),
  closes("allowed fast of three bytes", frame(ID.allowedFast, [0, 0, 1])),
  both(
    "a request while choked, with the fast extension",
    request(0, 0, BLOCK),
    [ID.reject],
  ),
  {
    name: "a request, with the fast extension",
    bytes: joined(INTERESTED, request(1, 5, 70)),
    seeder: [ID.unchoke, ID.piece],
    leecher: [ID.unchoke, ID.reject],
  },
  ignored("a reject of a block that was not requested", reject(7, 0, BLOCK)),
  leecherAnswers(
    "a reject of a requested block",
    joined(OFFER, reject(LAST, 0, BLOCK)),
    REQUESTED,
  ),
  closes("a reject of another length than a block has", reject(7, 0, 5)),
  closes("a reject of eleven bytes", frame(ID.reject, new Uint8Array(11))),
  closes(
    "a block that was not requested, with the fast extension",
    frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK)),
  ),
  closes("an extended message without an id", frame(ID.extended)),
  ignored("an extended message with an unknown id", extended(200, "?")),
  ignored("an empty extended handshake", extended(0, "de")),
  ignored(
    "an extended handshake with odd values",
    extended(0, "d1:mi1e1:pi-1e4:reqq1:x1:vi7e6:yourip3:abce"),
  ),
  ignored(
    "extended handshakes that replace each other",
    joined(
      extended(0, "d1:md6:ut_pexi3eee"),
      extended(0, "d1:md6:ut_pexi0eee"),
    ),
  ),
  {
    name: "an extended handshake of an upload-only peer",
    bytes: extended(0, "d11:upload_onlyi1ee"),
    seeder: "closes",
    leecher: IGNORED,
  },
  closes("an extended handshake that is not bencode", extended(0, "x")),
  closes("an extended handshake that is a list", extended(0, "le")),
  closes("an extended handshake with bytes behind it", extended(0, "dee")),
  closes(
    "an extended handshake of over 16 KiB",
    extended(0, `d1:x17000:${"x".repeat(17_000)}e`),
  ),
  closes(
    "an extended handshake of nine levels",
    extended(0, `d1:a${"l".repeat(8)}${"e".repeat(8)}e`),
  ),
  closes(
    "an extended handshake of over 1024 items",
    extended(0, `d1:al${"0:".repeat(1_100)}ee`),
  ),
  ignored("an empty peer exchange", extended(1, "de")),
  ignored("a peer exchange with addresses that may not be dialed", EXCHANGE),
  ignored(
    "seven peer exchanges within a minute",
    joined(...Array(7).fill(EXCHANGE)),
  ),
  closes(
    "eight peer exchanges within a minute",
    joined(...Array(8).fill(EXCHANGE)),
  ),
  closes("a peer exchange that is not a dictionary", extended(1, "le")),
  closes("a truncated peer exchange", extended(1, "d5:added5:12345e")),
  ignored(
    "a request for metadata of a peer that takes none",
    METADATA_REQUEST,
  ),
  ignored(
    "metadata that was not requested",
    extended(2, "d8:msg_typei1e5:piecei0e10:total_sizei3eexxx"),
  ),
  ignored(
    "a metadata message of an unknown type",
    extended(2, "d8:msg_typei3e5:piecei0ee"),
  ),
  closes("a metadata message that is not a dictionary", extended(2, "le")),
  closes(
    "a request for metadata beyond 32 MiB",
    extended(2, "d8:msg_typei0e5:piecei2048ee"),
  ),
];
