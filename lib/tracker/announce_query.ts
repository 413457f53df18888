/**
 * Parses the query of an announce or a scrape. A tracker's parameters are bytes,
 * not text: `URLSearchParams` would decode them as UTF-8 and destroy info hashes.
 * Parsing takes one pass and copies no unknown parameters: with a map of copies, parsing
 * took longer than the rest of an announce.
 *
 * A `+` is a plus, not a space: BitTorrent clients escape a space as `%20`, and
 * some leave the byte 0x2b of an info hash as it is. opentracker does the same.
 *
 * @module
 */
import {
  type AnnounceEvent,
  type AnnounceRequest,
  DEFAULT_NUMWANT,
  MAX_LEFT,
  QueryError,
  UNKNOWN_LEFT,
} from "../announce/announce.ts";
import {
  IDENTIFIER_LENGTH,
  type InfoHash,
  infoHashFromBytes,
  type PeerId,
  peerIdFromBytes,
} from "../base/identifier.ts";

/** Most peers in one reply, whatever the client wants. */
export const MAX_NUMWANT = 200;
/** Longest `key`, in bytes; clients send 8. */
const MAX_KEY_LENGTH = 64;
const MAX_PORT = 65535;

/** An announce over HTTP. The peer's address is that of its connection. */
export interface AnnounceQuery extends AnnounceRequest {
  /** The peer's own idea of its address, which counts only behind a trusted proxy. */
  readonly ip: string | undefined;
  readonly peerForm: PeerForm;
}

/** The form of the peer list in the reply. [BEP 3, 23] */
export type PeerForm = "compact" | "dictionaries" | "dictionariesWithoutId";

/**
 * Parses an announce. [BEP 3, 7, 23] `numwant=-1` means no preference. Of a
 * parameter that is given twice, the first counts.
 * @throws {QueryError} If a parameter is missing or malformed.
 */
export function parseAnnounceQuery(
  query: string,
  reader: QueryReader = new QueryReader(),
): AnnounceQuery {
  reader.start(query);
  let infoHash: InfoHash | undefined;
  let peerId: PeerId | undefined;
  let port: number | undefined;
  let uploaded: number | undefined;
  let downloaded: number | undefined;
  let left: number | undefined;
  let event: AnnounceEvent | undefined;
  let numwant: number | undefined;
  let key: string | undefined;
  let ip: string | undefined;
  let isCompact: boolean | undefined;
  let hasNoPeerId: boolean | undefined;
  while (reader.next()) {
    switch (reader.name) {
      case "info_hash":
        infoHash ??= infoHashFromBytes(reader.identifier());
        break;
      case "peer_id":
        peerId ??= peerIdFromBytes(reader.identifier());
        break;
      case "port":
        port ??= readPort(reader);
        break;
      case "uploaded":
        uploaded ??= reader.wholeNumber();
        break;
      case "downloaded":
        downloaded ??= reader.wholeNumber();
        break;
      case "left":
        left ??= reader.wholeNumber();
        break;
      case "event":
        event ??= readEvent(reader);
        break;
      case "numwant":
        numwant ??= readNumwant(reader);
        break;
      case "key":
        key ??= readKey(reader);
        break;
      case "ip":
        ip ??= reader.text();
        break;
      case "compact":
        isCompact ??= reader.text() !== "0";
        break;
      case "no_peer_id":
        hasNoPeerId ??= reader.text() === "1";
        break;
    }
  }
  return {
    infoHash: infoHash ?? missing("info_hash"),
    peerId: peerId ?? missing("peer_id"),
    port: port ?? missing("port"),
    uploaded: uploaded ?? 0,
    downloaded: downloaded ?? 0,
    left: left === undefined || left > MAX_LEFT ? UNKNOWN_LEFT : left,
    event: event ?? "update",
    numwant: numwant ?? DEFAULT_NUMWANT,
    key: key === "" ? undefined : key,
    ip,
    peerForm: isCompact ?? true
      ? "compact"
      : hasNoPeerId
      ? "dictionariesWithoutId"
      : "dictionaries",
  };
}

/**
 * Parses a scrape: the named info hashes; none means all torrents. [BEP 48]
 * @throws {QueryError} If an info hash is malformed.
 */
export function parseScrapeQuery(
  query: string,
  reader: QueryReader = new QueryReader(),
): InfoHash[] {
  reader.start(query);
  const infoHashes: InfoHash[] = [];
  while (reader.next()) {
    if (reader.name === "info_hash") {
      infoHashes.push(infoHashFromBytes(reader.identifier()));
    }
  }
  return infoHashes;
}

function missing(name: string): never {
  throw new QueryError(name, "is missing");
}

function readPort(reader: QueryReader): number {
  const port = reader.wholeNumber();
  if (port <= MAX_PORT) return port;
  throw new QueryError("port", `${port} is not from 0 to ${MAX_PORT}`);
}

function readNumwant(reader: QueryReader): number {
  return reader.text() === "-1"
    ? DEFAULT_NUMWANT
    : Math.min(reader.wholeNumber(), MAX_NUMWANT);
}

function readEvent(reader: QueryReader): AnnounceEvent {
  const value = reader.text();
  switch (value) {
    case "started":
    case "completed":
    case "stopped":
      return value;
    case "":
    case "empty":
    case "paused": // A partial seed. [BEP 21]
      return "update";
    default: {
      const reason = "is not one of started, completed, stopped";
      throw new QueryError("event", reason);
    }
  }
}

function readKey(reader: QueryReader): string {
  const key = reader.text();
  if (key.length > MAX_KEY_LENGTH) {
    throw new QueryError("key", `is longer than ${MAX_KEY_LENGTH} bytes`);
  }
  // The spelling that keys have over UDP.
  return /^[0-9A-Fa-f]{8}$/.test(key) ? key.toLowerCase() : key;
}

const PERCENT = 0x25;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const MAX_BYTE = 0xff;

/** The value of each hex digit by its code; -1 for other characters. */
const HEX_VALUES = Int8Array.from({ length: MAX_BYTE + 1 }, (_, code) => {
  const digit = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

/**
 * Iterates over the parameters of a query, one character for each byte, and
 * decodes only the values that are read. A tracker reuses one reader for all queries:
 * two new buffers for identifiers took as long as the rest of a query.
 */
export class QueryReader {
  #query = "";
  #name = "";
  #from = 0;
  #to = -1;
  readonly #identifier = new Uint8Array(IDENTIFIER_LENGTH);

  start(query: string): void {
    this.#query = query;
    this.#to = -1;
  }

  get name(): string {
    return this.#name;
  }

  /** Goes to the next parameter. @returns False if there is none. */
  next(): boolean {
    const query = this.#query;
    let start = this.#to + 1;
    while (query[start] === "&") start++;
    if (start >= query.length) return false;
    const end = query.indexOf("&", start);
    this.#to = end === -1 ? query.length : end;
    const equals = query.indexOf("=", start);
    const nameEnd = equals === -1 || equals > this.#to ? this.#to : equals;
    this.#name = query.slice(start, nameEnd);
    this.#from = Math.min(nameEnd + 1, this.#to);
    return true;
  }

  /**
   * The value as 20 bytes: a view, valid until the next identifier is read.
   * @throws {QueryError} If the value has another length or a bad escape.
   */
  identifier(): Uint8Array {
    const identifier = this.#identifier;
    let length = 0;
    for (let at = this.#from; at < this.#to; length++) {
      // Bytes beyond the end are counted and dropped.
      identifier[length] = this.#byteAt(at);
      at += this.#query.charCodeAt(at) === PERCENT ? 3 : 1;
    }
    if (length === IDENTIFIER_LENGTH) return identifier;
    const reason = `is ${length} bytes long instead of ${IDENTIFIER_LENGTH}`;
    throw new QueryError(this.#name, reason);
  }

  /** The value, one character for each byte. @throws {QueryError} If it has a bad escape. */
  text(): string {
    const raw = this.#query.slice(this.#from, this.#to);
    if (!raw.includes("%")) return raw;
    let text = "";
    for (let at = this.#from; at < this.#to;) {
      text += String.fromCharCode(this.#byteAt(at));
      at += this.#query.charCodeAt(at) === PERCENT ? 3 : 1;
    }
    return text;
  }

  /**
   * The value as a number, at most `Number.MAX_SAFE_INTEGER`.
   * @throws {QueryError} If it is not a sequence of digits.
   */
  wholeNumber(): number {
    let value = 0;
    let at = this.#from;
    while (at < this.#to) {
      const code = this.#byteAt(at);
      if (code < DIGIT_0 || code > DIGIT_9) break;
      value = value * 10 + code - DIGIT_0;
      at += this.#query.charCodeAt(at) === PERCENT ? 3 : 1;
    }
    if (at === this.#from || at < this.#to) {
      throw new QueryError(this.#name, "is not a whole number");
    }
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }

  /** The byte that starts here, escaped or not. */
  #byteAt(at: number): number {
    const code = this.#query.charCodeAt(at);
    if (code !== PERCENT) {
      if (code <= MAX_BYTE) return code;
      throw new QueryError(this.#name, "has a character that is not a byte");
    }
    const high = this.#hexDigit(at + 1);
    const low = this.#hexDigit(at + 2);
    if ((high | low) < 0) {
      throw new QueryError(this.#name, "has a % without two hex digits");
    }
    return high << 4 | low;
  }

  /** The hex digit's value; -1 if there is none in this parameter. */
  #hexDigit(at: number): number {
    if (at >= this.#to) return -1;
    const code = this.#query.charCodeAt(at);
    return code <= MAX_BYTE ? HEX_VALUES[code]! : -1;
  }
}
