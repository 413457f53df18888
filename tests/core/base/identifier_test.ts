import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  createPeerId,
  identifierToBytes,
  infoHashFromBytes,
  infoHashFromHex,
  peerIdFromBytes,
} from "../../../lib/base/identifier.ts";
import { seededRandom } from "../../../lib/base/random.ts";

const BYTES = Uint8Array.from({ length: 20 }, (_, index) => index * 13);
const HEX = "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7";

Deno.test("an identifier is 40 lowercase hex digits of its 20 bytes", () => {
  assertEquals(infoHashFromBytes(BYTES), infoHashFromHex(HEX));
  assertEquals(peerIdFromBytes(BYTES) as string, HEX);
});

Deno.test("identifierToBytes() returns the 20 bytes, a new copy each time", () => {
  const infoHash = infoHashFromBytes(BYTES);
  identifierToBytes(infoHash).fill(0);
  assertEquals(identifierToBytes(infoHash), BYTES);
});

Deno.test("an identifier of another length than 20 bytes is refused", () => {
  for (const length of [0, 19, 21, 40]) {
    const bytes = new Uint8Array(length);
    assertThrows(
      () => infoHashFromBytes(bytes),
      RangeError,
      `Cannot read info hash: expected 20 bytes, got ${length}`,
    );
    assertThrows(() => peerIdFromBytes(bytes), RangeError, "peer id");
  }
});

Deno.test("infoHashFromHex() accepts either case and returns lowercase", () => {
  assertEquals(infoHashFromHex(HEX.toUpperCase()) as string, HEX);
});

Deno.test("infoHashFromHex() refuses anything but 40 hex digits", () => {
  const wrong = ["", HEX.slice(1), `${HEX}0`, `g${HEX.slice(1)}`, `${HEX}\n`];
  for (const text of wrong) {
    assertThrows(() => infoHashFromHex(text), RangeError, "40 hex digits");
  }
});

Deno.test("createPeerId() writes -LS0001- and twelve letters or digits", () => {
  const random = seededRandom(3);
  for (const chance of [random, () => 0, () => 1 - 2 ** -53]) {
    const text = new TextDecoder().decode(
      identifierToBytes(createPeerId(chance)),
    );
    assertMatch(text, /^-LS0001-[0-9a-zA-Z]{12}$/);
  }
});

Deno.test("createPeerId() creates a different id each time", () => {
  const random = seededRandom(4);
  const ids = new Set(Array.from({ length: 1000 }, () => createPeerId(random)));
  assertEquals(ids.size, 1000);
});
