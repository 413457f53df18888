import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { hmacSha1 } from "../../../lib/disk/sha1.ts";

Deno.test("hmacSha1() has the values of RFC 2202", () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const cases: [key: Uint8Array, bytes: Uint8Array, hmac: string][] = [
    [
      new Uint8Array(20).fill(0x0b),
      text("Hi There"),
      "b617318655057264e28bc0b6fb378c8ef146be00",
    ],
    [
      text("Jefe"),
      text("what do ya want for nothing?"),
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    ],
    [
      new Uint8Array(20).fill(0xaa),
      new Uint8Array(50).fill(0xdd),
      "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
    ],
  ];
  for (const [key, bytes, hmac] of cases) {
    assertEquals(encodeHex(hmacSha1(key, bytes)), hmac);
  }
});
