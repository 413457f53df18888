/**
 * Random inputs for each decoder of what peers send, and of files.
 */
import { PEER_DECODERS } from "../core/decoders/peer_decoders.ts";
import { decoderTests } from "./decoder_test_case.ts";

decoderTests(PEER_DECODERS);
