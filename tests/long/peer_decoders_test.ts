/**
 * Random inputs for each decoder of what peers send, and of files.
 */
import { BENCODE_DECODER } from "../core/bencode/decoder.ts";
import { RESUME_DECODER } from "../core/disk/resume_decoder.ts";
import { METADATA_DECODER } from "../core/metadata/metadata_decoder.ts";
import { MAGNET_DECODER } from "../core/metainfo/magnet_decoder.ts";
import { TORRENT_DECODER } from "../core/metainfo/decoder.ts";
import { WIRE_DECODERS } from "../core/wire/decoders.ts";
import { decoderTests } from "./decoder_test_case.ts";

decoderTests([
  ...WIRE_DECODERS,
  BENCODE_DECODER,
  TORRENT_DECODER,
  MAGNET_DECODER,
  METADATA_DECODER,
  RESUME_DECODER,
]);
