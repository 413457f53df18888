/**
 * The decoders of what trackers answer, to be fuzzed.
 *
 * @module
 */
import {
  type CompactPeers,
  parseCompactPeers,
} from "../../../lib/base/compact_peers.ts";
import { TrackerError } from "../../../lib/base/errors.ts";
import {
  encodeAnnounceReply,
  parseAnnounceReply,
} from "../../../lib/tracker/announce_reply.ts";
import { packPeers } from "../../../lib/tracker/pack_peers.ts";
import {
  encodeScrapeReply,
  parseScrapeReply,
} from "../../../lib/tracker/scrape_reply.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { infoHash, peerId } from "./samples.ts";

const COUNTS = {
  infoHash: infoHash("a"),
  complete: 1,
  incomplete: 2,
  downloaded: 3,
};

const COMPACT_SAMPLE = Uint8Array.from({ length: 36 }, (_, index) => index);

/** A reply that names so many peers. */
function announceReply(
  peerForm: "compact" | "dictionaries",
  peerCount: number,
): Uint8Array {
  return encodeAnnounceReply({
    intervalMs: 120_000,
    minIntervalMs: 30_000,
    swarm: COUNTS,
    peers: packPeers(
      Array.from({ length: peerCount }, (_, at) => ({
        peerId: peerId("x"),
        addresses: [
          { hostname: `192.0.2.${at}`, port: 1 },
          { hostname: "2001:db8::1", port: 2 },
        ],
      })),
      true,
    ),
    warning: undefined,
    peerForm,
  });
}

function announceDecoder(
  peerForm: "compact" | "dictionaries",
): NamedFuzzTarget {
  return {
    name: `parseAnnounceReply() survives mutated ${peerForm} replies`,
    examples: [announceReply(peerForm, 1), announceReply(peerForm, 20)],
    decode: parseAnnounceReply,
    refusal: TrackerError,
  };
}

function compactDecoder(
  family: keyof CompactPeers,
): NamedFuzzTarget {
  return {
    name: `parseCompactPeers() survives any bytes for ${family}`,
    examples: [COMPACT_SAMPLE],
    decode: (input) => parseCompactPeers(input, family),
    refusal: RangeError,
  };
}

/** The decoders of a tracker's answers. */
export const REPLY_DECODERS: readonly NamedFuzzTarget[] = [
  announceDecoder("compact"),
  announceDecoder("dictionaries"),
  {
    name: "parseScrapeReply() survives mutated replies",
    examples: [encodeScrapeReply([COUNTS])],
    decode: parseScrapeReply,
    refusal: TrackerError,
  },
  compactDecoder("ipv4"),
  compactDecoder("ipv6"),
];
