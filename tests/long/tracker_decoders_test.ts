/**
 * Random inputs for each decoder of what trackers and their clients send.
 */
import { REPLY_DECODERS } from "../core/announce/reply_decoders.ts";
import { UDP_DECODERS } from "../core/announce/udp_decoders.ts";
import { REQUEST_DECODER } from "../core/http/request_decoder.ts";
import { QUERY_DECODERS } from "../core/tracker/query_decoders.ts";
import { decoderTests } from "./decoder_test_case.ts";

decoderTests([
  ...REPLY_DECODERS,
  ...QUERY_DECODERS,
  ...UDP_DECODERS,
  REQUEST_DECODER,
]);
