/**
 * A tracker's bencoded answers to an announce and to a scrape, written. Answers in the compact
 * form, which nearly all clients ask for, are put together byte by byte: as
 * values for the general writer they took longer than the choice of the peers.
 *
 * @module
 */
import { AddressWords } from "./store/address_words.ts";
import { parseCompactPeers } from "../base/peer_address.ts";
import { IDENTIFIER_LENGTH, identifierToBytes } from "../base/identifier.ts";
import { IPV4_LENGTH, IPV6_LENGTH } from "../base/ip_address.ts";
import { type Encodable, encodeBencode } from "../bencode/encode.ts";
import type { ScrapeEntry } from "../announce/announce.ts";
import type { PeerForm } from "./announce_query.ts";
import type { PickedPeers } from "./store/peer_store.ts";
import { ReplyWriter } from "./reply_writer.ts";

/** What a tracker answers to one announce. */
export interface AnnounceAnswer {
  readonly intervalMs: number;
  readonly minIntervalMs: number;
  readonly swarm: ScrapeEntry;
  readonly peers: PickedPeers;
  readonly peerForm: PeerForm;
  /** Where the asker was heard from, told if it is an IP address. [BEP 24] */
  readonly externalHostname: string;
  readonly warning: string | undefined;
}

/** Writes an answer, in memory that is only its own. [BEP 3, 7, 23, 24] */
export function encodeAnnounceAnswer(
  answer: AnnounceAnswer,
): Uint8Array<ArrayBuffer> {
  return answer.peerForm === "compact"
    ? encodeCompact(answer)
    : encodeDictionaries(answer);
}

/**
 * Writes why a request is refused, and when to try again if that may help.
 * [BEP 3, 31]
 */
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

const encoder = new TextEncoder();

/** The dictionary's keys in the order of their bytes, each with what stands before its value. */
const PARTS = {
  complete: encoder.encode("d8:completei"),
  downloaded: encoder.encode("e10:downloadedi"),
  externalIp: encoder.encode("11:external ip"),
  incomplete: encoder.encode("10:incompletei"),
  interval: encoder.encode("e8:intervali"),
  minInterval: encoder.encode("e12:min intervali"),
  peers: encoder.encode("e5:peers"),
  peers6: encoder.encode("6:peers6"),
  warning: encoder.encode("15:warning message"),
} as const;

const END = encoder.encode("e");
const COLON = encoder.encode(":");

/** Room for all but the peers and the warning. */
const FIXED_LENGTH = 512;

const writer = new ReplyWriter();
const address = new AddressWords();

function encodeCompact(answer: AnnounceAnswer): Uint8Array<ArrayBuffer> {
  const { swarm, peers } = answer;
  const warning = answer.warning && encoder.encode(answer.warning);
  writer.begin(
    FIXED_LENGTH + peers.ipv4.length + peers.ipv6.length +
      (warning?.length ?? 0),
  );
  writer.raw(PARTS.complete);
  writer.number(swarm.complete);
  writer.raw(PARTS.downloaded);
  writer.number(swarm.downloaded);
  writer.raw(END);
  address.read(answer.externalHostname);
  if (address.isKnown) {
    writer.raw(PARTS.externalIp);
    writer.number(address.isIpv4 ? IPV4_LENGTH : IPV6_LENGTH);
    writer.raw(COLON);
    writer.by(writeAddress);
  }
  writer.raw(PARTS.incomplete);
  writer.number(swarm.incomplete);
  writer.raw(PARTS.interval);
  writer.number(Math.ceil(answer.intervalMs / 1000));
  writer.raw(PARTS.minInterval);
  writer.number(Math.ceil(answer.minIntervalMs / 1000));
  writer.raw(PARTS.peers);
  writer.string(peers.ipv4);
  if (peers.ipv6.length > 0) {
    writer.raw(PARTS.peers6);
    writer.string(peers.ipv6);
  }
  if (warning) {
    writer.raw(PARTS.warning);
    writer.string(warning);
  }
  writer.raw(END);
  return writer.end();
}

/** The address that was read last. */
function writeAddress(into: Uint8Array, offset: number): number {
  return address.write(into, offset);
}

function encodeDictionaries(answer: AnnounceAnswer): Uint8Array<ArrayBuffer> {
  const { ipv4, ipv6, ids } = answer.peers;
  const addresses = [
    ...parseCompactPeers(ipv4, "ipv4"),
    ...parseCompactPeers(ipv6, "ipv6"),
  ];
  const peers = addresses.map(({ hostname, port }, index): Encodable => ({
    ip: hostname,
    port,
    "peer id": answer.peerForm === "dictionaries"
      ? ids?.subarray(
        index * IDENTIFIER_LENGTH,
        (index + 1) * IDENTIFIER_LENGTH,
      )
      : undefined,
  }));
  return encodeBencode({
    complete: answer.swarm.complete,
    downloaded: answer.swarm.downloaded,
    "external ip": externalIp(answer.externalHostname),
    incomplete: answer.swarm.incomplete,
    interval: Math.ceil(answer.intervalMs / 1000),
    "min interval": Math.ceil(answer.minIntervalMs / 1000),
    peers,
    "warning message": answer.warning,
  });
}

function externalIp(hostname: string): Uint8Array | undefined {
  address.read(hostname);
  const bytes = new Uint8Array(IPV6_LENGTH);
  return address.isKnown
    ? bytes.subarray(0, address.write(bytes, 0))
    : undefined;
}

/** What stands before each value, keys in the order of their bytes. */
const SCRAPE_PARTS = {
  files: encoder.encode("d5:filesd"),
  complete: encoder.encode("d8:completei"),
  downloaded: encoder.encode("e10:downloadedi"),
  incomplete: encoder.encode("e10:incompletei"),
  entryEnd: encoder.encode("ee"),
  end: encoder.encode("ee"),
} as const;

/** Room for one torrent with counts of 16 digits, and for what stands around all. */
const MAX_ENTRY_LENGTH = 128;

/** Writes a scrape's reply, torrents in the order of their info hashes. */
export function encodeScrapeReply(
  entries: Iterable<ScrapeEntry>,
): Uint8Array<ArrayBuffer> {
  const sorted = [...entries].sort((left, right) =>
    left.infoHash < right.infoHash ? -1 : 1
  );
  writer.begin((sorted.length + 1) * MAX_ENTRY_LENGTH);
  writer.raw(SCRAPE_PARTS.files);
  for (const { infoHash, complete, incomplete, downloaded } of sorted) {
    writer.string(identifierToBytes(infoHash));
    writer.raw(SCRAPE_PARTS.complete);
    writer.number(complete);
    writer.raw(SCRAPE_PARTS.downloaded);
    writer.number(downloaded);
    writer.raw(SCRAPE_PARTS.incomplete);
    writer.number(incomplete);
    writer.raw(SCRAPE_PARTS.entryEnd);
  }
  writer.raw(SCRAPE_PARTS.end);
  return writer.end();
}
