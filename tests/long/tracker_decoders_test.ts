/**
 * Random inputs for each decoder of what trackers and their clients send.
 */
import { TRACKER_DECODERS } from "../core/decoders/tracker_decoders.ts";
import { decoderTests } from "./decoder_test_case.ts";

decoderTests(TRACKER_DECODERS);
