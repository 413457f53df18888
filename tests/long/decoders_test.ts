/**
 * A million inputs for every decoder of what comes from others: each is accepted
 * or ends in the documented error, and none takes long.
 *
 * @module
 */
import { BENCODE_DECODER } from "../core/bencode/decoder.ts";
import { RESUME_DECODER } from "../core/disk/resume_decoder.ts";
import { fuzz, FUZZ_SEED } from "../core/fuzz.ts";
import { REQUEST_DECODER } from "../core/http/decoder.ts";
import { TORRENT_DECODER } from "../core/metainfo/decoder.ts";
import { QUERY_DECODERS } from "../core/tracker/query_decoders.ts";
import { REPLY_DECODERS } from "../core/announce/reply_decoders.ts";
import { UDP_DECODERS } from "../core/announce/udp_decoders.ts";
import { WIRE_DECODERS } from "../core/wire/decoders.ts";
import { report } from "./report.ts";

const INPUT_COUNT = 1_000_000;
/** What one input may take, in milliseconds. */
const LONGEST_MS = 10;

const DECODERS = [
  ...WIRE_DECODERS,
  BENCODE_DECODER,
  TORRENT_DECODER,
  ...REPLY_DECODERS,
  ...QUERY_DECODERS,
  ...UDP_DECODERS,
  REQUEST_DECODER,
  RESUME_DECODER,
];

for (const decoder of DECODERS) {
  Deno.test(`${decoder.name}, a million times (seed ${FUZZ_SEED})`, async () => {
    const { acceptedCount, refusedCount, longestMs } = await fuzz({
      ...decoder,
      inputCount: INPUT_COUNT,
      longestMs: LONGEST_MS,
    });
    report(
      `${decoder.name}: ${acceptedCount} accepted, ${refusedCount} refused, ` +
        `${longestMs.toFixed(2)} ms at most`,
    );
  });
}
