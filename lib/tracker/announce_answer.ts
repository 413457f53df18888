/**
 * Encodes a tracker's bencoded replies to an announce and to a scrape. Replies in
 * the compact form, which nearly all clients want, are written byte by byte: as
 * values for the general encoder they took ten times as long.
 *
 * @module
 */
import type { ScrapeEntry } from "../announce/announce.ts";
import { IDENTIFIER_LENGTH, identifierToBytes } from "../base/identifier.ts";
import { parseIpAddress, parseIpv4 } from "../base/ip_address.ts";
import { parseCompactPeers } from "../base/peer_address.ts";
import { encodeBencode } from "../bencode/encode.ts";
import { writeDecimal } from "../http/response.ts";
import type { PeerForm } from "./announce_query.ts";
import type { PickedPeers } from "./store/peer_store.ts";

export interface AnnounceAnswer {
  readonly intervalMs: number;
  readonly minIntervalMs: number;
  readonly swarm: ScrapeEntry;
  readonly peers: PickedPeers;
  readonly peerForm: PeerForm;
  /** Address that the announce came from, sent back if it is an IP address. [BEP 24] */
  readonly externalHostname: string;
  readonly warning: string | undefined;
}

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** Keys of the replies in the order of their bytes, each with the bytes before its value. */
const PARTS = {
  complete: encoder.encode("d8:completei"),
  downloaded: encoder.encode("e10:downloadedi"),
  externalIpv4: encoder.encode("e11:external ip4:"),
  externalIpv6: encoder.encode("e11:external ip16:"),
  end: encoder.encode("e"),
  incomplete: encoder.encode("10:incompletei"),
  interval: encoder.encode("e8:intervali"),
  minInterval: encoder.encode("e12:min intervali"),
  peers: encoder.encode("e5:peers"),
  peers6: encoder.encode("6:peers6"),
  warning: encoder.encode("15:warning message"),
  files: encoder.encode("d5:filesd"),
  twoEnds: encoder.encode("ee"),
} as const;

/** Room for a compact reply without its peers and its warning. */
const MAX_FIXED_LENGTH = 512;
/** Room for one torrent of a scrape with counts of 16 digits. */
const MAX_SCRAPE_ENTRY_LENGTH = 128;

/** Encodes the answer to an announce. [BEP 3, 7, 23, 24] */
export function encodeAnnounceAnswer(
  answer: AnnounceAnswer,
  writer: ReplyWriter = new ReplyWriter(),
): Uint8Array<ArrayBuffer> {
  const { swarm, peers, externalHostname } = answer;
  const dictionaries = encodeDictionaries(answer);
  const warning = answer.warning && encoder.encode(answer.warning);
  writer.begin(
    MAX_FIXED_LENGTH + peers.ipv4.length + peers.ipv6.length +
      dictionaries.length + (warning?.length ?? 0),
  );
  writer.raw(PARTS.complete);
  writer.number(swarm.complete);
  writer.raw(PARTS.downloaded);
  writer.number(swarm.downloaded);
  const ipv4 = parseIpv4(externalHostname);
  const ipv6 = ipv4 === undefined
    ? parseIpAddress(externalHostname)
    : undefined;
  if (ipv4 !== undefined) {
    writer.raw(PARTS.externalIpv4);
    writer.uint32(ipv4);
  } else if (ipv6 !== undefined) {
    writer.raw(PARTS.externalIpv6);
    writer.raw(ipv6);
  } else writer.raw(PARTS.end);
  writer.raw(PARTS.incomplete);
  writer.number(swarm.incomplete);
  writer.raw(PARTS.interval);
  writer.number(Math.ceil(answer.intervalMs / 1000));
  writer.raw(PARTS.minInterval);
  writer.number(Math.ceil(answer.minIntervalMs / 1000));
  writer.raw(PARTS.peers);
  if (dictionaries.length > 0) writer.raw(dictionaries);
  else writer.string(peers.ipv4);
  if (dictionaries.length === 0 && peers.ipv6.length > 0) {
    writer.raw(PARTS.peers6);
    writer.string(peers.ipv6);
  }
  if (warning) {
    writer.raw(PARTS.warning);
    writer.string(warning);
  }
  writer.raw(PARTS.end);
  return writer.end();
}

/** Encodes the reply to a scrape, torrents in the order of their info hashes. [BEP 48] */
export function encodeScrapeReply(
  entries: Iterable<ScrapeEntry>,
  writer: ReplyWriter = new ReplyWriter(),
): Uint8Array<ArrayBuffer> {
  const sorted = [...entries].sort((left, right) =>
    left.infoHash < right.infoHash ? -1 : 1
  );
  writer.begin((sorted.length + 1) * MAX_SCRAPE_ENTRY_LENGTH);
  writer.raw(PARTS.files);
  for (const { infoHash, complete, incomplete, downloaded } of sorted) {
    writer.string(identifierToBytes(infoHash));
    writer.raw(PARTS.complete);
    writer.number(complete);
    writer.raw(PARTS.downloaded);
    writer.number(downloaded);
    writer.raw(PARTS.end);
    writer.raw(PARTS.incomplete);
    writer.number(incomplete);
    writer.raw(PARTS.twoEnds);
  }
  writer.raw(PARTS.twoEnds);
  return writer.end();
}

/** Encodes a refusal, with the time to try again if that may help. [BEP 3, 31] */
export function encodeFailure(
  reason: string,
  retryInMs?: number,
): Uint8Array<ArrayBuffer> {
  return encodeBencode({
    "failure reason": reason,
    // In minutes.
    "retry in": retryInMs && Math.ceil(retryInMs / 60_000),
  });
}

/** The peers as dictionaries; no bytes if they are wanted in compact form. */
function encodeDictionaries(
  { peerForm, peers: { ipv4, ipv6, ids } }: AnnounceAnswer,
): Uint8Array {
  if (peerForm === "compact") return NO_BYTES;
  const addresses = [
    ...parseCompactPeers(ipv4, "ipv4"),
    ...parseCompactPeers(ipv6, "ipv6"),
  ];
  return encodeBencode(addresses.map(({ hostname: ip, port }, index) => {
    const start = index * IDENTIFIER_LENGTH;
    const id = peerForm === "dictionaries"
      ? ids?.subarray(start, start + IDENTIFIER_LENGTH)
      : undefined;
    return { ip, port, "peer id": id };
  }));
}

const COLON = 0x3a;
/** Memory that replies are written to, one after another, in bytes. */
const MEMORY_LENGTH = 64 * 1024;
/** Shorter byte strings are copied byte by byte, which takes less time. */
const SHORT_LENGTH = 24;

/**
 * Writes replies one after another into memory that they share, and takes new
 * memory when it is full: an allocation for each reply costs more than writing it.
 */
export class ReplyWriter {
  #memory = new Uint8Array(0);
  #start = 0;
  #length = 0;

  begin(capacity: number): void {
    if (this.#memory.length - this.#length < capacity) {
      this.#memory = new Uint8Array(Math.max(MEMORY_LENGTH, capacity));
      this.#length = 0;
    }
    this.#start = this.#length;
  }

  /** The reply: a view of memory that is not written again. */
  end(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(this.#start, this.#length);
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length > SHORT_LENGTH) {
      this.#memory.set(bytes, this.#length);
    } else {
      for (let index = 0; index < bytes.length; index++) {
        this.#memory[this.#length + index] = bytes[index]!;
      }
    }
    this.#length += bytes.length;
  }

  string(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.#memory[this.#length++] = COLON;
    this.raw(bytes);
  }

  number(value: number): void {
    this.#length = writeDecimal(this.#memory, this.#length, value);
  }

  uint32(value: number): void {
    for (let shift = 24; shift >= 0; shift -= 8) {
      this.#memory[this.#length++] = value >>> shift;
    }
  }
}
