/**
 * Fuzz targets: the decoders of a tracker's replies.
 *
 * @module
 */
import {
  type CompactPeers,
  parseCompactPeers,
} from "../../../lib/base/peer_address.ts";
import { TrackerError } from "../../../lib/base/errors.ts";
import {
  encodeAnnounceAnswer,
  encodeScrapeReply,
} from "../../../lib/tracker/announce_answer.ts";
import { parseAnnounceReply } from "../../../lib/announce/http_codec.ts";
import { parseScrapeReply } from "../../../lib/announce/http_codec.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { ANNOUNCE_ANSWER, infoHash, pickedPeers } from "./samples.ts";

const COUNTS = {
  infoHash: infoHash("a"),
  complete: 1,
  incomplete: 2,
  downloaded: 3,
};

const COMPACT_SAMPLE = Uint8Array.from({ length: 36 }, (_, index) => index);

/** A reply with `peerCount` peers. */
function announceReply(
  peerForm: "compact" | "dictionaries",
  peerCount: number,
): Uint8Array {
  const peers = pickedPeers(
    Array.from({ length: peerCount }, (_, at) => [
      "x",
      { hostname: `192.0.2.${at}`, port: 6881 },
      { hostname: "2001:db8::1", port: 6882 },
    ]),
  );
  return encodeAnnounceAnswer({ ...ANNOUNCE_ANSWER, peers, peerForm });
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

/** The decoders of a tracker's replies. */
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
