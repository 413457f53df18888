import { assertEquals } from "@std/assert";
import { BencodeError } from "../../../lib/bencode/bencode_error.ts";
import { decodeBencode } from "../../../lib/bencode/decode.ts";
import { encodeBencode } from "../../../lib/bencode/encode.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { latin1 } from "./bytes.ts";

const EXAMPLES = [
  "d4:infod6:lengthi5e4:name1:ae4:listl1:xi-1eee",
  "lllleeee",
  "d5:filesd20:\xff23456789012345678\x0fd8:completei1e10:incompletei2eeee",
  "i9007199254740993e",
  "l0:1:\xffi0ei-10ee",
].map(latin1);

Deno.test(`decodeBencode() accepts or throws BencodeError, whatever the bytes (seed ${FUZZ_SEED})`, async () => {
  await fuzz({
    examples: EXAMPLES,
    decode: (bytes) => {
      const value = decodeBencode(bytes);
      // What was accepted is one value, so it can be written and read again.
      if (!hasUnsafeIntegerOrByteKey(bytes)) {
        assertEquals(decodeBencode(encodeBencode(value)), value);
      }
      return value;
    },
    refusal: BencodeError,
  });
});

/** What decoding changes: long integers are rounded, odd keys become hex. */
function hasUnsafeIntegerOrByteKey(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f) ||
    /\d{16}/.test(String.fromCharCode(...bytes));
}
