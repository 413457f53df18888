import { assertEquals, assertThrows } from "@std/assert";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  infoHashFromBytes,
  peerIdFromBytes,
} from "../../../lib/base/identifier.ts";
import {
  encodeHandshake,
  type Handshake,
  HANDSHAKE_LENGTH,
  NO_EXTENSIONS,
  readHandshake,
} from "../../../lib/wire/handshake.ts";
import { joined, queueOf, readAll, readByteByByte } from "./feeding.ts";

const INFO_HASH = Uint8Array.from({ length: 20 }, (_, index) => 0xa0 + index);
const PEER_ID = new TextEncoder().encode("-LS0001-abcdefghijkl");

function handshakeBytes(
  reserved: Uint8Array | readonly number[] = new Uint8Array(8),
): Uint8Array {
  return joined(
    [0x13], // 19, the length of the name
    new TextEncoder().encode("BitTorrent protocol"),
    reserved,
    INFO_HASH,
    PEER_ID,
  );
}

const HANDSHAKE: Handshake = {
  infoHash: infoHashFromBytes(INFO_HASH),
  peerId: peerIdFromBytes(PEER_ID),
  extensions: NO_EXTENSIONS,
};

/** The reserved bytes of each set of extensions. */
const EXTENSION_CASES = [
  [{ fast: false, extended: false }, [0, 0, 0, 0, 0, 0, 0, 0]],
  [{ fast: true, extended: false }, [0, 0, 0, 0, 0, 0, 0, 0x04]],
  [{ fast: false, extended: true }, [0, 0, 0, 0, 0, 0x10, 0, 0]],
  [{ fast: true, extended: true }, [0, 0, 0, 0, 0, 0x10, 0, 0x04]],
] as const;

for (const [extensions, reserved] of EXTENSION_CASES) {
  const handshake = { ...HANDSHAKE, extensions };
  const bytes = handshakeBytes(reserved);
  Deno.test(`encodeHandshake() writes name, reserved bytes ${reserved}, info hash and peer id`, () => {
    assertEquals(encodeHandshake(handshake), bytes);
    assertEquals(bytes.length, HANDSHAKE_LENGTH);
  });
  Deno.test(`readHandshake() finds the extensions in reserved bytes ${reserved}`, () => {
    assertEquals(readHandshake(queueOf(bytes)), handshake);
  });
}

Deno.test("readHandshake() reads a whole handshake", () => {
  const { values, left } = readAll(handshakeBytes(), readHandshake);
  assertEquals(values, [HANDSHAKE]);
  assertEquals(left, 0);
});

Deno.test("readHandshake() waits while the handshake is split", () => {
  assertEquals(readByteByByte(handshakeBytes(), readHandshake), HANDSHAKE);
});

Deno.test("readHandshake() waits for the first byte", () => {
  assertEquals(readHandshake(new ByteQueue(68)), undefined);
});

Deno.test("readHandshake() leaves what follows in the queue", () => {
  const queue = queueOf(joined(handshakeBytes(), [0, 0, 0, 1, 2]));
  assertEquals(readHandshake(queue), HANDSHAKE);
  assertEquals(queue.bytes, Uint8Array.of(0, 0, 0, 1, 2));
});

Deno.test("readHandshake() ignores other reserved bits", () => {
  const known = [7 * 8 + 5, 5 * 8 + 3];
  for (let bit = 0; bit < 64; bit++) {
    if (known.includes(bit)) continue;
    const reserved = new Uint8Array(8);
    reserved[bit >>> 3] = 0x80 >>> (bit & 7);
    const queue = queueOf(handshakeBytes(reserved));
    assertEquals(readHandshake(queue), HANDSHAKE);
  }
});

Deno.test("readHandshake() finds the extensions if every bit is set", () => {
  const queue = queueOf(handshakeBytes(new Uint8Array(8).fill(0xff)));
  const extensions = { fast: true, extended: true };
  assertEquals(readHandshake(queue), { ...HANDSHAKE, extensions });
});

Deno.test("readHandshake() refuses another protocol at the first wrong byte", () => {
  const strangers: [name: string, bytes: Uint8Array, wrong: number][] = [
    ["TLS", Uint8Array.of(0x16, 0x03, 0x01), 0],
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1"), 0],
    ["SSH", new TextEncoder().encode("SSH-2.0-OpenSSH"), 0],
    ["zeros", new Uint8Array(1), 0],
    ["another name", new TextEncoder().encode("\x13BitTorment"), 7],
    ["a shorter name", new TextEncoder().encode("\x0aBitTorrent"), 0],
  ];
  for (const [name, bytes, wrong] of strangers) {
    assertThrows(
      () => readHandshake(queueOf(bytes.subarray(0, wrong + 1))),
      ProtocolError,
      `Cannot read handshake: byte ${wrong} is ${bytes[wrong]}`,
      name,
    );
    const waits = readHandshake(queueOf(bytes.subarray(0, wrong)));
    assertEquals(waits, undefined);
  }
});

Deno.test("readHandshake() refuses each single wrong byte of the name", () => {
  for (let offset = 0; offset < 20; offset++) {
    const bytes = handshakeBytes();
    bytes[offset]! ^= 0x20;
    assertThrows(() => readHandshake(queueOf(bytes)), ProtocolError);
  }
});
