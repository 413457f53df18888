/**
 * The decoder of metadata messages for fuzzing, with the invariants of every
 * message that it accepts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  encodeMetadataMessage,
  METADATA_PIECE_LENGTH,
  parseMetadataMessage,
} from "../../../lib/metadata/metadata_message.ts";
import { latin1 } from "../bencode/bytes.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";

/** The decoder of metadata messages. */
export const METADATA_DECODER: NamedFuzzTarget = {
  name:
    "parseMetadataMessage() accepts or throws ProtocolError, whatever the bytes",
  examples: [
    "d8:msg_typei0e5:piecei0ee",
    "d8:msg_typei1e5:piecei1e10:total_sizei16389eexxxxx",
    "d8:msg_typei2e5:piecei2047ee",
    "d8:msg_typei3e5:piecei0ee",
    "d3:fooli1ed1:a1:bee8:msg_typei0e5:piecei7ee",
  ].map(latin1),
  decode: (bytes) => {
    const message = parseMetadataMessage(bytes);
    if (message === undefined) return "unknown";
    assert(message.piece >= 0 && message.piece < 2048);
    if (message.type === "data") {
      assert(message.bytes.length <= METADATA_PIECE_LENGTH);
    }
    const { payload, tail = new Uint8Array() } = encodeMetadataMessage(message);
    assertEquals(parseMetadataMessage(concat([payload, tail])), message);
    return message;
  },
  refusal: ProtocolError,
};
