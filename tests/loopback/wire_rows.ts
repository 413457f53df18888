/**
 * How a session behaves on the wire, message by message, as data: what is said to
 * it, and what a seeder and a leecher of ours do about that. The README has the
 * same as a table. [BEP 3, 6, 10, 11]
 *
 * @module
 */
import { latin1 } from "../core/bencode/bytes.ts";
import { memoryTorrent } from "./memory_torrent.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  joined,
  peerIdOf,
  uint32,
} from "./raw_peer.ts";
import {
  BLOCK,
  ID,
  INTERESTED,
  KEEP_ALIVE,
  KIB,
  UNCHOKE,
} from "./wire_scene.ts";

/** Ten pieces of two blocks, the last one short: two bytes of bitfield with six spare bits. */
export const TABLE_SAMPLE = await memoryTorrent({
  name: "table",
  length: 9 * 32 * KIB + 20_000,
  pieceLength: 32 * KIB,
});

/** What follows: the connection ends, or these messages come, by id; none if it is passed over. */
export type Outcome = "closes" | readonly number[];

/** Nothing follows, and all goes on. */
export const IGNORED: Outcome = [];

/** One line of the table. */
export interface WireRow {
  readonly what: string;
  /** What is said behind the handshake. */
  readonly said: Uint8Array;
  readonly seeder: Outcome;
  readonly leecher: Outcome;
}

function both(what: string, said: Uint8Array, outcome: Outcome): WireRow {
  return { what, said, seeder: outcome, leecher: outcome };
}

function closes(what: string, said: Uint8Array): WireRow {
  return both(what, said, "closes");
}

function ignored(what: string, said: Uint8Array): WireRow {
  return both(what, said, IGNORED);
}

function leecherAnswers(
  what: string,
  said: Uint8Array,
  answers: readonly number[],
): WireRow {
  return { what, said, seeder: IGNORED, leecher: answers };
}

const CHOKE = frame(ID.choke);
const NOT_INTERESTED = frame(ID.notInterested);
const have = (index: number): Uint8Array => frame(ID.have, uint32(index));
const request = (...range: number[]): Uint8Array =>
  frame(ID.request, uint32(...range));
const reject = (...range: number[]): Uint8Array =>
  frame(ID.reject, uint32(...range));

/** The last piece, which is offered: two blocks to ask for. */
const LAST = 9;
const OFFER = joined(have(LAST), UNCHOKE);
const ASKED = [ID.interested, ID.request, ID.request];
const lastContent = TABLE_SAMPLE.content.subarray(LAST * 32 * KIB);

/** Of who speaks BEP 3 alone. */
export const PLAIN_ROWS: readonly WireRow[] = [
  closes("a length just over the limit", uint32(1024 * KIB + 1)),
  closes("a length that is negative to some", uint32(0x8000_0000)),
  closes("the greatest length", uint32(0xffff_ffff)),
  closes(
    "a second handshake",
    handshake(TABLE_SAMPLE.torrent.infoHash, peerIdOf(1)),
  ),
  ignored("a keep-alive", Uint8Array.from(KEEP_ALIVE)),
  ignored("a choke", joined(CHOKE, CHOKE)),
  closes("a choke with a payload", frame(ID.choke, [0])),
  ignored("an unchoke without anything to want", UNCHOKE),
  closes("an unchoke with a payload", frame(ID.unchoke, [0])),
  both("interest", joined(INTERESTED, INTERESTED), [ID.unchoke]),
  closes("interest with a payload", frame(ID.interested, [0])),
  ignored("no interest", NOT_INTERESTED),
  closes("no interest with a payload", frame(ID.notInterested, [0])),
  leecherAnswers("a have", joined(have(3), have(3)), [ID.interested]),
  closes("a have of three bytes", frame(ID.have, [0, 0, 1])),
  closes("a have of five bytes", frame(ID.have, [0, 0, 0, 1, 0])),
  closes("a have of a piece behind the last", have(10)),
  closes("a have of the greatest index", have(0xffff_ffff)),
  leecherAnswers("a have and an unchoke", OFFER, ASKED),
  leecherAnswers("a choke of what was asked", joined(OFFER, CHOKE), ASKED),
  leecherAnswers(
    "a choke and an unchoke of what was asked",
    joined(OFFER, CHOKE, UNCHOKE),
    [...ASKED, ID.request, ID.request],
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
    what: "a full bitfield",
    said: frame(ID.bitfield, [0xff, 0xc0]),
    seeder: "closes",
    leecher: [ID.interested],
  },
  closes("a bitfield too short", frame(ID.bitfield, [0x80])),
  closes("a bitfield too long", frame(ID.bitfield, [0x80, 0, 0])),
  closes("a bitfield with a spare bit set", frame(ID.bitfield, [0x80, 0x20])),
  closes("a bitfield of no bytes", frame(ID.bitfield)),
  ignored("a request while choked", request(0, 0, BLOCK)),
  {
    what: "a request",
    said: joined(INTERESTED, request(1, 5, 70)),
    seeder: [ID.unchoke, ID.piece],
    leecher: [ID.unchoke],
  },
  {
    what: "a request and its cancel, which comes too late",
    said: joined(
      INTERESTED,
      request(1, 5, 70),
      frame(ID.cancel, uint32(1, 5, 70)),
    ),
    seeder: [ID.unchoke, ID.piece],
    leecher: [ID.unchoke],
  },
  closes("a request of eleven bytes", frame(ID.request, new Uint8Array(11))),
  closes("a request for a piece behind the last", request(10, 0, 1)),
  closes("a request of no bytes", request(0, 0, 0)),
  closes("a request over 128 KiB", request(0, 0, 128 * KIB + 1)),
  closes("a request past the end of its piece", request(0, 32 * KIB - 1, 2)),
  closes("a request past the end of the torrent", request(9, 0, 20_001)),
  closes("a request whose end wraps around", request(0, 0xffff_ffff, 2)),
  ignored(
    "a block not asked for",
    frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK)),
  ),
  closes(
    "65 blocks not asked for",
    joined(
      ...Array(65).fill(frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK))),
    ),
  ),
  ignored(
    "a block of a piece behind the last",
    frame(ID.piece, uint32(10, 0), [1]),
  ),
  ignored("a block of no bytes off the grid", frame(ID.piece, uint32(7, 1))),
  closes("a block without its offset", frame(ID.piece, new Uint8Array(7))),
  closes(
    "a block of another length than it is asked for",
    frame(ID.piece, uint32(7, 0), new Uint8Array(5)),
  ),
  leecherAnswers(
    "the blocks that were asked for",
    joined(
      OFFER,
      frame(ID.piece, uint32(LAST, 0), lastContent.subarray(0, BLOCK)),
      frame(ID.piece, uint32(LAST, BLOCK), lastContent.subarray(BLOCK)),
    ),
    [...ASKED, ID.notInterested],
  ),
  ignored(
    "a cancel of what was never asked",
    frame(ID.cancel, uint32(0, 0, BLOCK)),
  ),
  ignored("a cancel of nonsense", frame(ID.cancel, uint32(99, 99, 0))),
  closes("a cancel of eleven bytes", frame(ID.cancel, new Uint8Array(11))),
  ignored("the port of a DHT node", frame(9, [0x1a, 0xe1])),
  ignored(
    "messages that it does not know",
    joined(frame(10), frame(21, [1]), frame(255, new Uint8Array(70))),
  ),
  closes("have all, not agreed on", frame(ID.haveAll)),
  closes("have none, not agreed on", frame(ID.haveNone)),
  closes("a suggestion, not agreed on", frame(ID.suggest, uint32(0))),
  closes("a reject, not agreed on", reject(0, 0, BLOCK)),
  closes("an offer, not agreed on", frame(ID.allowedFast, uint32(0))),
  ignored(
    "an extended message, not agreed on",
    frame(ID.extended, [0], latin1("x")),
  ),
];

function extended(id: number, text: string): Uint8Array {
  return frame(ID.extended, [id], latin1(text));
}

const EXCHANGE = extended(1, "d5:added6:\x7f\0\0\x01\0\x16e");

/** Of who speaks the fast extension and the extension protocol. */
export const EXTENSION_ROWS: readonly WireRow[] = [
  {
    what: "have all",
    said: frame(ID.haveAll),
    seeder: "closes",
    leecher: [ID.interested],
  },
  closes("have all with a payload", frame(ID.haveAll, [0])),
  ignored("have none", frame(ID.haveNone)),
  closes("have none with a payload", frame(ID.haveNone, [0])),
  closes("have none behind a have", joined(have(1), frame(ID.haveNone))),
  ignored("a suggestion", frame(ID.suggest, uint32(7))),
  closes(
    "a suggestion of a piece behind the last",
    frame(ID.suggest, uint32(10)),
  ),
  closes("a suggestion of three bytes", frame(ID.suggest, [0, 0, 1])),
  ignored("an offer of what it lacks", frame(ID.allowedFast, uint32(LAST))),
  leecherAnswers(
    "an offer while it chokes",
    joined(have(LAST), frame(ID.allowedFast, uint32(LAST))),
    ASKED,
  ),
  closes(
    "an offer of a piece behind the last",
    frame(ID.allowedFast, uint32(10)),
  ),
  closes("an offer of three bytes", frame(ID.allowedFast, [0, 0, 1])),
  both("a request while choked, agreed", request(0, 0, BLOCK), [ID.reject]),
  {
    what: "a request, agreed",
    said: joined(INTERESTED, request(1, 5, 70)),
    seeder: [ID.unchoke, ID.piece],
    leecher: [ID.unchoke, ID.reject],
  },
  ignored("a reject of what was not asked", reject(7, 0, BLOCK)),
  leecherAnswers(
    "a reject of what was asked",
    joined(OFFER, reject(LAST, 0, BLOCK)),
    ASKED,
  ),
  closes("a reject of another length than it is asked for", reject(7, 0, 5)),
  closes("a reject of eleven bytes", frame(ID.reject, new Uint8Array(11))),
  closes(
    "a block not asked for, agreed",
    frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK)),
  ),
  closes("an extended message without an id", frame(ID.extended)),
  ignored("an extended message of nobody's id", extended(200, "?")),
  ignored("an empty extended handshake", extended(0, "de")),
  ignored(
    "an extended handshake of odd values",
    extended(0, "d1:mi1e1:pi-1e4:reqq1:x1:vi7e6:yourip3:abce"),
  ),
  ignored(
    "extended handshakes that change their mind",
    joined(
      extended(0, "d1:md6:ut_pexi3eee"),
      extended(0, "d1:md6:ut_pexi0eee"),
    ),
  ),
  {
    what: "an extended handshake of who wants nothing",
    said: extended(0, "d11:upload_onlyi1ee"),
    seeder: "closes",
    leecher: IGNORED,
  },
  closes("an extended handshake that is none", extended(0, "x")),
  closes("an extended handshake that is a list", extended(0, "le")),
  closes("an extended handshake with a tail", extended(0, "dee")),
  closes(
    "an extended handshake of over 16 KiB",
    extended(0, `d1:x17000:${"x".repeat(17_000)}e`),
  ),
  closes(
    "an extended handshake nine deep",
    extended(0, `d1:a${"l".repeat(8)}${"e".repeat(8)}e`),
  ),
  closes(
    "an extended handshake of over 1024 items",
    extended(0, `d1:al${"0:".repeat(1_100)}ee`),
  ),
  ignored("a peer exchange of nobody", extended(1, "de")),
  ignored("a peer exchange of who is not dialed", EXCHANGE),
  ignored(
    "seven peer exchanges within a minute",
    joined(...Array(7).fill(EXCHANGE)),
  ),
  closes(
    "eight peer exchanges within a minute",
    joined(...Array(8).fill(EXCHANGE)),
  ),
  closes("a peer exchange that is none", extended(1, "le")),
  closes("a peer exchange cut off", extended(1, "d5:added5:12345e")),
];

/** The reserved bytes that go with {@linkcode EXTENSION_ROWS}. */
export const ROW_BITS = EXTENSION_BITS;
