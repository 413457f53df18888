/**
 * A tracker's bencoded reply to an announce, read. Nothing is trusted: lengths
 * and types are checked, host names are dropped rather than looked up, and
 * intervals are kept within reason.
 *
 * @module
 */
import {
  BENCODE_LIMITS,
  BencodeError,
  type BencodeLimits,
} from "../bencode/scan.ts";
import {
  decodeBencode,
  type DecodedDictionary,
  isDictionary,
} from "../bencode/decode.ts";
import {
  COMPACT_PEER_LENGTH,
  type CompactPeers,
  parseCompactPeers,
  type PeerAddress,
} from "../base/peer_address.ts";
import { TrackerError } from "../base/errors.ts";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { ANNOUNCE_INTERVAL, type AnnounceReply } from "./announce.ts";
import { defaultMinInterval, intervalOf } from "./reply_interval.ts";

/**
 * What a reply may hold: peers in dictionaries, which have seven items each, by
 * the thousand. A tracker is asked time and again, and 1 MiB of empty
 * dictionaries took a second to read.
 */
const REPLY_LIMITS: BencodeLimits = { maxDepth: 16, maxItems: 2 ** 14 };

/** Peers of each list that are taken; a client asks for some fifty. */
const MAX_PEERS = 2_000;

/** Longest `tracker id` that is sent back, in characters. */
const MAX_TRACKER_ID_LENGTH = 512;

/** Longest message that is taken from a tracker, in characters. */
const MAX_MESSAGE_LENGTH = 500;

/** `<`, with which a web page begins and no reply does. */
const LESS_THAN = 0x3c;

/**
 * Reads a reply.
 * @throws {TrackerError} If it is a refusal or no reply.
 */
export function parseAnnounceReply(bytes: Uint8Array): AnnounceReply {
  const reply = parseReplyDictionary(bytes, REPLY_LIMITS);
  const intervalMs = interval(reply, "interval") ?? ANNOUNCE_INTERVAL;
  return {
    intervalMs,
    minIntervalMs: interval(reply, "min interval") ??
      defaultMinInterval(intervalMs),
    complete: replyNumber(reply, "complete"),
    incomplete: replyNumber(reply, "incomplete"),
    peers: [...peers(reply, "peers"), ...peers(reply, "peers6")],
    warning: messageText(reply, "warning message"),
    trackerId: trackerId(reply),
  };
}

/** Why a tracker refuses, if these bytes say so: what comes with an HTTP error may. */
export function findRefusal(bytes: Uint8Array): string | undefined {
  try {
    const reply = decodeBencode(bytes, REPLY_LIMITS);
    return isDictionary(reply) ? failureOf(reply) : undefined;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    return undefined;
  }
}

/**
 * The dictionary that any reply of a tracker is.
 * @throws {TrackerError} If it is none, or carries a failure reason.
 */
export function parseReplyDictionary(
  bytes: Uint8Array,
  limits: BencodeLimits = BENCODE_LIMITS,
): DecodedDictionary {
  let reply;
  try {
    reply = decodeBencode(bytes, limits);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    const reason = bytes[0] === LESS_THAN
      ? "the answer is a web page; does the URL end in /announce?"
      : `the answer is not bencode (${error.reason})`;
    throw new TrackerError(reason, { cause: error });
  }
  if (!isDictionary(reply)) {
    throw new TrackerError("the answer is not a dictionary");
  }
  const refusal = failureOf(reply);
  if (refusal !== undefined) throw new TrackerError(refusal);
  return reply;
}

function failureOf(reply: DecodedDictionary): string | undefined {
  const reason = messageText(reply, "failure reason");
  return reason === undefined ? undefined : `the tracker refused: ${reason}`;
}

/**
 * A count in a reply; `undefined` if it is missing.
 * @throws {TrackerError} If it is not a whole number.
 */
export function replyNumber(
  reply: DecodedDictionary,
  key: string,
): number | undefined {
  const value = own(reply, key);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new TrackerError(`${key} is not a whole number`);
  }
  return value;
}

function interval(reply: DecodedDictionary, key: string): number | undefined {
  const seconds = replyNumber(reply, key);
  return seconds === undefined ? undefined : intervalOf(seconds);
}

const COMPACT_FAMILIES = { peers: "ipv4", peers6: "ipv6" } as const satisfies {
  [key: string]: keyof CompactPeers;
};

function peers(
  reply: DecodedDictionary,
  key: keyof typeof COMPACT_FAMILIES,
): PeerAddress[] {
  const value = own(reply, key);
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    return value.slice(0, MAX_PEERS).map((entry) => {
      if (isDictionary(entry)) return dictionaryPeer(entry);
      throw new TrackerError(`${key} has an entry that is no dictionary`);
    }).filter((peer) => peer !== undefined);
  }
  if (!(value instanceof Uint8Array)) {
    throw new TrackerError(`${key} is neither a list nor bytes`);
  }
  try {
    const family = COMPACT_FAMILIES[key];
    const maxLength = COMPACT_PEER_LENGTH[family] * MAX_PEERS;
    const rest = value.length % COMPACT_PEER_LENGTH[family];
    // What is cut off is, however much there is.
    const taken = value.subarray(0, rest === 0 ? maxLength : undefined);
    return parseCompactPeers(taken, family);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TrackerError(
      `${key} is cut off: ${value.length} bytes are no whole number of peers`,
      { cause: error },
    );
  }
}

/** `undefined` if nobody can be dialled there. */
function dictionaryPeer(entry: DecodedDictionary): PeerAddress | undefined {
  const address = parseIpAddress(text(entry, "ip") ?? "");
  const port = own(entry, "port");
  if (address === undefined || typeof port !== "number") return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  return { hostname: formatIpAddress(address), port };
}

const decoder = new TextDecoder();

/** The text, or so many bytes of it. */
function text(
  reply: DecodedDictionary,
  key: string,
  maxLength = Infinity,
): string | undefined {
  const value = own(reply, key);
  return value instanceof Uint8Array
    ? decoder.decode(value.subarray(0, maxLength))
    : undefined;
}

/** `undefined` if it is too long to be sent back in a URL. */
function trackerId(reply: DecodedDictionary): string | undefined {
  const id = text(reply, "tracker id");
  return id === undefined || id.length > MAX_TRACKER_ID_LENGTH ? undefined : id;
}

/** Text for people, made safe for a terminal's line. */
function messageText(
  reply: DecodedDictionary,
  key: string,
): string | undefined {
  // A character has four bytes at most.
  return text(reply, key, 4 * MAX_MESSAGE_LENGTH)?.slice(0, MAX_MESSAGE_LENGTH)
    .replace(/\p{Control}/gu, " ");
}

function own(
  reply: DecodedDictionary,
  key: string,
): DecodedDictionary[string] | undefined {
  return Object.hasOwn(reply, key) ? reply[key] : undefined;
}
