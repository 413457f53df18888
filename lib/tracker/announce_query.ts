/**
 * What an announce's or scrape's query asks for, checked. The asker's address is
 * not in it: `ip` is ignored, as it would let anybody name anybody.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import {
  IDENTIFIER_LENGTH,
  type InfoHash,
  infoHashFromBytes,
  peerIdFromBytes,
} from "../base/identifier.ts";
import { type AnnounceEvent, DEFAULT_NUMWANT } from "./announce.ts";
import type { PeerAnnounce } from "./peer_store.ts";
import { parseQuery, type Query, QueryError } from "./query.ts";

/** Most peers in one reply, whatever is asked for. */
export const MAX_NUMWANT = 200;

/** Longest `key` that is kept, in bytes; clients send 8. */
const MAX_KEY_LENGTH = 64;

const MAX_PORT = 65535;

/** An announce as it stands in a query; the address comes from the connection. */
export interface AnnounceQuery
  extends Omit<PeerAnnounce, "address" | "wantsIds"> {
  /** TCP port, 1 to 65535. */
  readonly port: number;
  /** How the reply lists peers. */
  readonly peerForm: "compact" | "dictionaries" | "dictionariesWithoutId";
}

/**
 * Reads the query of an announce. [BEP 3, 7, 23] A missing `left` makes a leecher,
 * as some clients leave it out while they only have the magnet link; `numwant=-1`
 * is what clients send for "as many as you like".
 * @throws {QueryError} If a parameter is missing or malformed.
 */
export function parseAnnounceQuery(query: string): AnnounceQuery {
  const parameters = parseQuery(query);
  const left = wholeNumber(parameters, "left");
  return {
    infoHash: infoHashFromBytes(identifier(parameters, "info_hash")),
    peerId: peerIdFromBytes(identifier(parameters, "peer_id")),
    port: port(parameters),
    progress: {
      uploaded: wholeNumber(parameters, "uploaded") ?? 0,
      downloaded: wholeNumber(parameters, "downloaded") ?? 0,
      left: left ?? 0,
    },
    isSeeder: left === 0,
    event: event(parameters),
    numwant: numwant(parameters),
    key: key(parameters),
    peerForm: peerForm(parameters),
  };
}

/**
 * The info hashes that a scrape names; none means all. [BEP 48]
 * @throws {QueryError} If one is malformed.
 */
export function parseScrapeQuery(query: string): InfoHash[] {
  const values = parseQuery(query).get("info_hash") ?? [];
  return values.map((value) => {
    checkIdentifier(value, "info_hash");
    return infoHashFromBytes(value);
  });
}

function identifier(parameters: Query, name: string): Uint8Array {
  const value = parameters.get(name)?.[0];
  if (value === undefined) throw new QueryError(name, "is missing");
  checkIdentifier(value, name);
  return value;
}

function checkIdentifier(value: Uint8Array, name: string): void {
  if (value.length === IDENTIFIER_LENGTH) return;
  throw new QueryError(
    name,
    `is ${value.length} bytes long instead of ${IDENTIFIER_LENGTH}`,
  );
}

function port(parameters: Query): number {
  const value = wholeNumber(parameters, "port");
  if (value === undefined) throw new QueryError("port", "is missing");
  if (value < 1 || value > MAX_PORT) {
    throw new QueryError("port", `${value} is not from 1 to ${MAX_PORT}`);
  }
  return value;
}

function numwant(parameters: Query): number {
  if (text(parameters, "numwant") === "-1") return DEFAULT_NUMWANT;
  const value = wholeNumber(parameters, "numwant") ?? DEFAULT_NUMWANT;
  return Math.min(value, MAX_NUMWANT);
}

function event(parameters: Query): AnnounceEvent {
  const value = text(parameters, "event");
  switch (value) {
    case "started":
    case "completed":
    case "stopped":
      return value;
    case undefined:
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

function key(parameters: Query): string | undefined {
  const value = parameters.get("key")?.[0];
  if (value === undefined || value.length === 0) return undefined;
  if (value.length > MAX_KEY_LENGTH) {
    throw new QueryError("key", `is longer than ${MAX_KEY_LENGTH} bytes`);
  }
  return encodeHex(value);
}

function peerForm(parameters: Query): AnnounceQuery["peerForm"] {
  if (text(parameters, "compact") !== "0") return "compact";
  return text(parameters, "no_peer_id") === "1"
    ? "dictionariesWithoutId"
    : "dictionaries";
}

/** `undefined` if it is missing. */
function wholeNumber(parameters: Query, name: string): number | undefined {
  const value = text(parameters, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw new QueryError(name, "is not a whole number");
  }
  return number;
}

const decoder = new TextDecoder();

function text(parameters: Query, name: string): string | undefined {
  const value = parameters.get(name)?.[0];
  return value && decoder.decode(value);
}
