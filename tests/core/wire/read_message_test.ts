import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { type Message, MESSAGE_ID } from "../../../lib/wire/message.ts";
import {
  MAX_FRAME_LENGTH,
  readMessage,
} from "../../../lib/wire/read_message.ts";
import { joined, queueOf, readAll, readByteByByte } from "./feeding.ts";
import { FRAMES } from "./frames.ts";

function read(queue: ByteQueue): Message | undefined {
  return readMessage(queue, MAX_FRAME_LENGTH);
}

/** A frame with an id and zeros after it. */
function frame(id: number, payloadLength: number): Uint8Array {
  const bytes = new Uint8Array(5 + payloadLength);
  new DataView(bytes.buffer).setUint32(0, 1 + payloadLength);
  bytes[4] = id;
  return bytes;
}

for (const [message, bytes] of FRAMES) {
  const name = message.type;
  Deno.test(`readMessage() reads ${name}: ${bytes}`, () => {
    assertEquals(readAll(bytes, read), { values: [message], left: 0 });
  });
  Deno.test(`readMessage() waits while ${name} is split: ${bytes}`, () => {
    assertEquals(readByteByByte(bytes, read), message);
  });
}

Deno.test("readMessage() waits on an empty queue", () => {
  assertEquals(read(new ByteQueue(4)), undefined);
});

Deno.test("readMessage() takes one message and leaves what follows", () => {
  const queue = queueOf(joined([0, 0, 0, 1, 0], [0, 0, 0, 1]));
  assertEquals(read(queue), { type: "choke" });
  assertEquals(queue.bytes, Uint8Array.of(0, 0, 0, 1));
});

Deno.test("readMessage() reads many messages from one buffer", () => {
  const all = joined(...FRAMES.map(([, bytes]) => bytes), [0, 0]);
  const { values, left } = readAll(all, (queue) => {
    const message = read(queue);
    return message && structuredClone(message);
  });
  assertEquals(values, FRAMES.map(([message]) => message));
  assertEquals(left, 2);
});

Deno.test("readMessage() returns blocks, bitfields and extended payloads as views", () => {
  const types = ["piece", "bitfield", "extended"];
  for (const [message, bytes] of FRAMES) {
    if (!types.includes(message.type)) continue;
    const queue = queueOf(bytes);
    const buffer = queue.bytes.buffer;
    const value = read(queue);
    if (value?.type === "piece") assert(value.block.buffer === buffer);
    else if (value?.type === "bitfield") assert(value.bytes.buffer === buffer);
    else if (value?.type === "extended") {
      assert(value.payload.buffer === buffer);
    } else throw new Error(`got ${value?.type}`);
  }
});

Deno.test("readMessage() accepts an empty block, which the swarm judges", () => {
  assertEquals(read(queueOf(frame(7, 8))), {
    type: "piece",
    index: 0,
    offsetInPiece: 0,
    block: new Uint8Array(0),
  });
});

Deno.test("readMessage() refuses every wrong payload length", () => {
  const fixed: [name: string, id: number, payloadLength: number][] = [
    ["choke", 0, 0],
    ["unchoke", 1, 0],
    ["interested", 2, 0],
    ["not interested", 3, 0],
    ["have", 4, 4],
    ["request", 6, 12],
    ["cancel", 8, 12],
    ["suggest piece", 13, 4],
    ["have all", 14, 0],
    ["have none", 15, 0],
    ["reject request", 16, 12],
    ["allowed fast", 17, 4],
  ];
  for (const [name, id, right] of fixed) {
    for (let payloadLength = 0; payloadLength <= 20; payloadLength++) {
      const queue = queueOf(frame(id, payloadLength));
      if (payloadLength === right) {
        assert(read(queue) !== undefined);
        continue;
      }
      const expected = `Cannot read ${name}: its length is ${
        1 + payloadLength
      }, not ${1 + right} bytes`;
      assertThrows(() => read(queue), ProtocolError, expected);
    }
  }
});

Deno.test("readMessage() refuses a piece too short for its index and offset", () => {
  for (let payloadLength = 0; payloadLength < 8; payloadLength++) {
    const queue = queueOf(frame(7, payloadLength));
    assertThrows(() => read(queue), ProtocolError, "Cannot read piece");
  }
});

Deno.test("readMessage() refuses an extended message without an id", () => {
  assertThrows(
    () => read(queueOf(frame(20, 0))),
    ProtocolError,
    "Cannot read extended message: its length is 1, not 2 bytes",
  );
});

Deno.test("readMessage() skips messages with unknown ids", () => {
  const known: number[] = Object.values(MESSAGE_ID);
  for (let id = 9; id <= 255; id++) {
    if (known.includes(id)) continue;
    const queue = queueOf(joined(frame(id, id % 7), [0, 0, 0, 1, 1]));
    assertEquals(read(queue), { type: "unknown", id, length: id % 7 });
    assertEquals(read(queue), { type: "unchoke" });
  }
});

Deno.test("readMessage() refuses a length by its prefix, before it buffers the frame", () => {
  const lengths = [
    MAX_FRAME_LENGTH + 1,
    2 ** 31 - 1,
    2 ** 31, // negative, to a reader of signed numbers
    2 ** 32 - 1, // 4 GiB - 1
  ];
  for (const length of lengths) {
    const queue = new ByteQueue(4);
    const prefix = new DataView(queue.space(4).buffer);
    prefix.setUint32(0, length);
    queue.commit(4);
    assertThrows(
      () => read(queue),
      ProtocolError,
      `Cannot read message: length ${length} exceeds the limit of 1048576 bytes`,
    );
    assertEquals(queue.bytes.buffer.byteLength, 4);
  }
});

Deno.test("readMessage() accepts a frame of exactly the limit", () => {
  assert(readMessage(queueOf(frame(6, 12)), 13) !== undefined);
  assertThrows(
    () => readMessage(queueOf(frame(21, 13)), 13),
    ProtocolError,
    "length 14 exceeds the limit of 13 bytes",
  );
});
