/**
 * Feeds a million mutated inputs to every decoder of foreign bytes: each is
 * accepted or ends in the documented error, and none takes long.
 *
 * @module
 */
import { BENCODE_DECODER } from "../core/bencode/decoder.ts";
import { RESUME_DECODER } from "../core/disk/resume_decoder.ts";
import { fuzz } from "../core/fuzz.ts";
import { METADATA_DECODER } from "../core/metadata/metadata_decoder.ts";
import { REQUEST_DECODER } from "../core/http/request_decoder.ts";
import { MAGNET_DECODER } from "../core/metainfo/magnet_decoder.ts";
import { TORRENT_DECODER } from "../core/metainfo/decoder.ts";
import { QUERY_DECODERS } from "../core/tracker/query_decoders.ts";
import { REPLY_DECODERS } from "../core/announce/reply_decoders.ts";
import { UDP_DECODERS } from "../core/announce/udp_decoders.ts";
import { WIRE_DECODERS } from "../core/wire/decoders.ts";
import { report } from "../report.ts";
import { SEED } from "./seed.ts";

const INPUT_COUNT = 1_000_000;
/** The longest that one input may take, in milliseconds. */
const LONGEST_MS = 10;

const DECODERS = [
  ...WIRE_DECODERS,
  BENCODE_DECODER,
  TORRENT_DECODER,
  MAGNET_DECODER,
  METADATA_DECODER,
  ...REPLY_DECODERS,
  ...QUERY_DECODERS,
  ...UDP_DECODERS,
  REQUEST_DECODER,
  RESUME_DECODER,
];

for (const decoder of DECODERS) {
  Deno.test(`${decoder.name}, a million times (seed ${SEED})`, async () => {
    const { acceptedCount, refusedCount, longestMs } = await fuzz({
      ...decoder,
      seed: SEED,
      inputCount: INPUT_COUNT,
      longestMs: LONGEST_MS,
    });
    report(
      `${decoder.name}: ${acceptedCount} accepted, ${refusedCount} refused, ` +
        `${longestMs.toFixed(2)} ms at most`,
    );
  });
}
