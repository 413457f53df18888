/**
 * What an announce's or scrape's query asks for, checked. The asker's address is
 * not in it: what it says of that in `ip` is only heard where a proxy is trusted.
 *
 * @module
 */
import {
  type InfoHash,
  infoHashFromBytes,
  type PeerId,
  peerIdFromBytes,
} from "../base/identifier.ts";
import {
  type AnnounceEvent,
  type AnnounceRequest,
  DEFAULT_NUMWANT,
  QueryError,
  UNKNOWN_LEFT,
} from "../announce/announce.ts";
import { QueryReader } from "./query_reader.ts";

/** Most peers in one reply, whatever is asked for. */
export const MAX_NUMWANT = 200;

/** Longest `key` that is taken, in bytes; clients send 8. */
const MAX_KEY_LENGTH = 64;

const MAX_PORT = 65535;

/** An announce as it stands in a query; the address comes from the connection. */
export interface AnnounceQuery extends AnnounceRequest {
  /** What the asker says its address is. */
  readonly ip: string | undefined;
  /** How the reply lists peers. */
  readonly peerForm: PeerForm;
}

/** How a reply lists peers. [BEP 3, 23] */
export type PeerForm = "compact" | "dictionaries" | "dictionariesWithoutId";

/**
 * Reads the query of an announce. [BEP 3, 7, 23] A missing `left` makes a leecher,
 * as some clients leave it out while they only have the magnet link; `numwant=-1`
 * is what clients send for "as many as you like". Of a parameter that is given
 * twice the first counts.
 * @throws {QueryError} If a parameter is missing or malformed.
 */
export function parseAnnounceQuery(query: string): AnnounceQuery {
  const reader = new QueryReader(query);
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
    left: left ?? UNKNOWN_LEFT,
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
 * The info hashes that a scrape names; none means all. [BEP 48]
 * @throws {QueryError} If one is malformed.
 */
export function parseScrapeQuery(query: string): InfoHash[] {
  const reader = new QueryReader(query);
  const infoHashes: InfoHash[] = [];
  while (reader.next()) {
    if (reader.name === "info_hash") {
      infoHashes.push(infoHashFromBytes(reader.identifier()));
    }
  }
  return infoHashes;
}

/** @throws {QueryError} */
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
    case "paused": // A partial seed that only waits. [BEP 21]
      return "update";
    default:
      throw new QueryError(
        "event",
        "is not one of started, completed, stopped",
      );
  }
}

function readKey(reader: QueryReader): string {
  const key = reader.text();
  if (key.length > MAX_KEY_LENGTH) {
    throw new QueryError("key", `is longer than ${MAX_KEY_LENGTH} bytes`);
  }
  return /^[0-9A-Fa-f]{8}$/.test(key) ? key.toLowerCase() : key;
}
