/**
 * A tracker's bencoded reply to an announce, read. Nothing is trusted: lengths
 * and types are checked, host names are dropped rather than looked up, and
 * intervals are kept within reason.
 *
 * @module
 */
import { BencodeError } from "../bencode/bencode_error.ts";
import {
  decodeBencode,
  type DecodedDictionary,
  isDictionary,
} from "../bencode/decode.ts";
import { type CompactPeers, parseCompactPeers } from "../base/compact_peers.ts";
import { TrackerError } from "../base/errors.ts";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { ANNOUNCE_INTERVAL, type AnnounceReply } from "./announce.ts";
import { defaultMinInterval, intervalOf } from "./reply_interval.ts";

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
  const reply = parseReplyDictionary(bytes);
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

/**
 * The dictionary that any reply of a tracker is.
 * @throws {TrackerError} If it is none, or carries a failure reason.
 */
export function parseReplyDictionary(bytes: Uint8Array): DecodedDictionary {
  let reply;
  try {
    reply = decodeBencode(bytes);
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
  const reason = messageText(reply, "failure reason");
  if (reason !== undefined) {
    throw new TrackerError(`the tracker refused: ${reason}`);
  }
  return reply;
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
    return value.map((entry) => {
      if (isDictionary(entry)) return dictionaryPeer(entry);
      throw new TrackerError(`${key} has an entry that is no dictionary`);
    }).filter((peer) => peer !== undefined);
  }
  if (!(value instanceof Uint8Array)) {
    throw new TrackerError(`${key} is neither a list nor bytes`);
  }
  try {
    return parseCompactPeers(value, COMPACT_FAMILIES[key]);
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

function text(reply: DecodedDictionary, key: string): string | undefined {
  const value = own(reply, key);
  return value instanceof Uint8Array ? decoder.decode(value) : undefined;
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
  return text(reply, key)?.slice(0, MAX_MESSAGE_LENGTH)
    .replace(/\p{Control}/gu, " ");
}

function own(
  reply: DecodedDictionary,
  key: string,
): DecodedDictionary[string] | undefined {
  return Object.hasOwn(reply, key) ? reply[key] : undefined;
}
