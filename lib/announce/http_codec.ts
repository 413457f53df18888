/**
 * The HTTP tracker protocol as a client speaks it: the URLs of requests, and the
 * bencoded replies. [BEP 3, 7, 23, 48] Bytes in URLs are percent-encoded one by
 * one, because info hashes are not text. Nothing in a reply is trusted: lengths and
 * types are checked, host names are never resolved, and intervals are bounded.
 *
 * @module
 */
import { TrackerError } from "../base/errors.ts";
import {
  IDENTIFIER_LENGTH,
  identifierToBytes,
  type InfoHash,
  infoHashFromBytes,
  type PeerId,
} from "../base/identifier.ts";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import {
  COMPACT_PEER_LENGTH,
  parseCompactPeers,
  type PeerAddress,
} from "../base/peer_address.ts";
import {
  BENCODE_LIMITS,
  BencodeError,
  type BencodeLimits,
  decodeBencode,
  type DecodedDictionary,
  isDictionary,
} from "../bencode/decode.ts";
import {
  ANNOUNCE_INTERVAL,
  type AnnounceReply,
  type AnnounceRequest,
  type ScrapeEntry,
} from "./announce.ts";

/** Thousands of peers in dictionaries of seven items. Unlimited, 1 MiB of empty ones took a second to decode. */
const ANNOUNCE_LIMITS: BencodeLimits = { maxDepth: 16, maxItems: 2 ** 14 };
/** Peers taken of each list; a client asks for some fifty. */
const MAX_PEERS = 2_000;
/** Longest `tracker id` that is sent back, in characters. */
const MAX_TRACKER_ID_LENGTH = 512;
/** Longest message that is taken from a tracker, in characters. */
const MAX_MESSAGE_LENGTH = 500;

/** Bounds of an interval, in milliseconds: never a flood, and once a day at least. */
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 86_400_000;
/** Minimum interval where the tracker gives none, in milliseconds. */
const DEFAULT_MIN_INTERVAL_MS = 60_000;

/** `<`, with which a web page begins. */
const LESS_THAN = 0x3c;

const decoder = new TextDecoder();

/** The URL that sends `request` to the tracker at `url`, whose own query is kept. [BEP 3, 23] */
export function announceUrl(url: string, request: AnnounceRequest): string {
  const { key, event, trackerId } = request;
  const parameters = [
    `info_hash=${escapeIdentifier(request.infoHash)}`,
    `peer_id=${escapeIdentifier(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploaded}`,
    `downloaded=${request.downloaded}`,
    `left=${request.left}`,
    `numwant=${request.numwant}`,
    ...key === undefined ? [] : [`key=${encodeURIComponent(key)}`],
    "compact=1",
    ...event === "update" ? [] : [`event=${event}`],
    ...trackerId === undefined
      ? []
      : [`trackerid=${encodeURIComponent(trackerId)}`],
  ];
  return appendQuery(url, parameters);
}

/**
 * The URL that scrapes `infoHashes`, or all torrents if there are none, at the
 * tracker with this announce URL; `undefined` if the tracker cannot be scraped,
 * because the last part of its path does not begin with `announce`. [BEP 48]
 */
export function scrapeUrl(
  url: string,
  infoHashes: readonly InfoHash[],
): string | undefined {
  const parts = /^([^?#]*\/)announce([^/?#]*)(\?[^#]*)?(#.*)?$/.exec(url);
  if (parts === null) return undefined;
  const [, folder = "", rest = "", query = ""] = parts;
  return appendQuery(
    `${folder}scrape${rest}${query}`,
    infoHashes.map((infoHash) => `info_hash=${escapeIdentifier(infoHash)}`),
  );
}

/**
 * Decodes the reply to an announce.
 * @throws {TrackerError} If it is a refusal or malformed.
 */
export function parseAnnounceReply(bytes: Uint8Array): AnnounceReply {
  const reply = parseReply(bytes, ANNOUNCE_LIMITS);
  const seconds = count(reply, "interval");
  const minSeconds = count(reply, "min interval");
  const intervalMs = intervalOf(seconds ?? ANNOUNCE_INTERVAL / 1000);
  const trackerId = text(reply, "tracker id");
  return {
    intervalMs,
    minIntervalMs: minSeconds === undefined
      ? defaultMinInterval(intervalMs)
      : intervalOf(minSeconds),
    complete: count(reply, "complete"),
    incomplete: count(reply, "incomplete"),
    peers: [...peers(reply, "peers"), ...peers(reply, "peers6")],
    warning: message(reply, "warning message"),
    // A longer one does not fit into a URL.
    trackerId: trackerId && trackerId.length > MAX_TRACKER_ID_LENGTH
      ? undefined
      : trackerId,
  };
}

/**
 * Decodes the reply to a scrape. A missing count is 0.
 * @throws {TrackerError} If it is a refusal or malformed.
 */
export function parseScrapeReply(bytes: Uint8Array): ScrapeEntry[] {
  const { files } = parseReply(bytes, BENCODE_LIMITS);
  if (files === undefined || !isDictionary(files)) {
    throw new TrackerError("files is not a dictionary");
  }
  return Object.entries(files).flatMap(([key, counts]) => {
    // Another key means nothing to us.
    if (key.length !== IDENTIFIER_LENGTH) return [];
    const infoHash = infoHashFromBytes(
      Uint8Array.from(key, (byte) => byte.charCodeAt(0)),
    );
    if (!isDictionary(counts)) {
      throw new TrackerError(`files has no dictionary for ${infoHash}`);
    }
    return [{
      infoHash,
      complete: count(counts, "complete") ?? 0,
      incomplete: count(counts, "incomplete") ?? 0,
      downloaded: count(counts, "downloaded") ?? 0,
    }];
  });
}

/** The failure reason in a body that came with an HTTP error, if it is a reply. */
export function findRefusal(bytes: Uint8Array): string | undefined {
  try {
    const reply = decodeBencode(bytes, ANNOUNCE_LIMITS);
    return isDictionary(reply) ? refusalOf(reply) : undefined;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    return undefined;
  }
}

/** The interval for a number of seconds in a reply, in milliseconds. */
export function intervalOf(seconds: number): number {
  return Math.min(Math.max(seconds * 1000, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
}

/** The minimum interval of a reply without one, in milliseconds. */
export function defaultMinInterval(intervalMs: number): number {
  return Math.min(intervalMs, DEFAULT_MIN_INTERVAL_MS);
}

/** A tracker's text for people, shortened and made safe for one line of a terminal. */
export function printableText(text: string): string {
  return text.slice(0, MAX_MESSAGE_LENGTH).replace(/\p{Control}/gu, " ");
}

/** @throws {TrackerError} If it is no dictionary, or a refusal. */
function parseReply(
  bytes: Uint8Array,
  limits: BencodeLimits,
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
  const refusal = refusalOf(reply);
  if (refusal !== undefined) throw new TrackerError(refusal);
  return reply;
}

function refusalOf(reply: DecodedDictionary): string | undefined {
  const reason = message(reply, "failure reason");
  return reason === undefined ? undefined : `the tracker refused: ${reason}`;
}

/** @throws {TrackerError} If it is not a whole number. */
function count(reply: DecodedDictionary, key: string): number | undefined {
  const value = reply[key];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new TrackerError(`${key} is not a whole number`);
  }
  return value;
}

/** @throws {TrackerError} If it is neither a list of dictionaries nor compact. */
function peers(
  reply: DecodedDictionary,
  key: "peers" | "peers6",
): PeerAddress[] {
  const value = reply[key];
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
  const family = key === "peers" ? "ipv4" : "ipv6";
  const peerLength = COMPACT_PEER_LENGTH[family];
  // An error even if only the first entries would be used.
  if (value.length % peerLength !== 0) {
    throw new TrackerError(
      `${key} is truncated: ${value.length} bytes are no whole number of peers`,
    );
  }
  return parseCompactPeers(value.subarray(0, peerLength * MAX_PEERS), family);
}

/** `undefined` if it is not an IP address and a port. */
function dictionaryPeer(entry: DecodedDictionary): PeerAddress | undefined {
  const address = parseIpAddress(text(entry, "ip") ?? "");
  const { port } = entry;
  if (address === undefined || typeof port !== "number") return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  return { hostname: formatIpAddress(address), port };
}

/** The first `maxLength` bytes as text. */
function text(
  reply: DecodedDictionary,
  key: string,
  maxLength = Infinity,
): string | undefined {
  const value = reply[key];
  return value instanceof Uint8Array
    ? decoder.decode(value.subarray(0, maxLength))
    : undefined;
}

function message(reply: DecodedDictionary, key: string): string | undefined {
  // A character has at most four bytes.
  const value = text(reply, key, 4 * MAX_MESSAGE_LENGTH);
  return value === undefined ? undefined : printableText(value);
}

function appendQuery(url: string, parameters: readonly string[]): string {
  const base = url.replace(/#.*$/, "");
  if (parameters.length === 0) return base;
  const separator = !base.includes("?") ? "?" : /[?&]$/.test(base) ? "" : "&";
  return base + separator + parameters.join("&");
}

/** `%` and two hex digits for each byte; unreserved characters stay. [RFC 3986] */
function escapeIdentifier(identifier: InfoHash | PeerId): string {
  let text = "";
  for (const byte of identifierToBytes(identifier)) {
    const character = String.fromCharCode(byte);
    text += /[0-9A-Za-z._~-]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return text;
}
