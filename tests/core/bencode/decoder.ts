/**
 * The decoder of bencode for fuzzing.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { BencodeError, decodeBencode } from "../../../lib/bencode/decode.ts";
import { encodeBencode } from "../../../lib/bencode/encode.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { latin1 } from "./bytes.ts";

const EXAMPLES = [
  "d4:infod6:lengthi5e4:name1:ae4:listl1:xi-1eee",
  "lllleeee",
  "d5:filesd20:\xff23456789012345678\x0fd8:completei1e10:incompletei2eeee",
  "i9007199254740993e",
  "l0:1:\xffi0ei-10ee",
  "l".repeat(30) + "e".repeat(30),
].map(latin1);

/** The decoder of bencode. */
export const BENCODE_DECODER: NamedFuzzTarget = {
  name: "decodeBencode() accepts or throws BencodeError, whatever the bytes",
  examples: EXAMPLES,
  decode: (bytes) => {
    const value = decodeBencode(bytes);
    // An accepted value can be encoded and decoded again.
    if (!hasUnsafeIntegerOrByteKey(bytes)) {
      assertEquals(decodeBencode(encodeBencode(value)), value);
    }
    return value;
  },
  refusal: BencodeError,
};

/** Decoding rounds long integers, and encoding writes text as UTF-8. */
function hasUnsafeIntegerOrByteKey(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f) ||
    /\d{16}/.test(String.fromCharCode(...bytes));
}
