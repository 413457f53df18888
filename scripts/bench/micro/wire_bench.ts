/**
 * The wire codec. A connection carries ten thousands of blocks and requests a second,
 * hundreds of haves, and few other messages.
 *
 * @module
 */
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import type { ControlMessage } from "../../../lib/wire/message.ts";
import {
  encodePeerExchange,
  parsePeerExchange,
} from "../../../lib/wire/peer_exchange_message.ts";
import {
  MAX_FRAME_LENGTH,
  readMessage,
} from "../../../lib/wire/read_message.ts";
import {
  encodedLength,
  PIECE_HEADER_LENGTH,
  writeMessage,
  writePieceHeader,
} from "../../../lib/wire/write_message.ts";

const LIMITS = { maxLength: MAX_FRAME_LENGTH };
const BLOCK = { index: 7, offsetInPiece: BLOCK_SIZE, length: BLOCK_SIZE };

/** Equal messages, one after another. */
function framesOf(message: ControlMessage, count: number): Uint8Array {
  const bytes = new Uint8Array(encodedLength(message) * count);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length;) at = writeMessage(message, view, at);
  return bytes;
}

/** Blocks, one after another. */
function blocksOf(count: number): Uint8Array {
  const length = PIECE_HEADER_LENGTH + BLOCK_SIZE;
  const bytes = new Uint8Array(length * count);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += length) {
    writePieceHeader(BLOCK, view, at);
  }
  return bytes;
}

/** Reads all messages from a queue. */
function readAll(queue: ByteQueue, bytes: Uint8Array): void {
  queue.push(bytes);
  while (readMessage(queue, LIMITS) !== undefined);
}

const REQUEST: ControlMessage = { type: "request", ...BLOCK };
const READ_CASES: [name: string, bytes: Uint8Array][] = [
  ["16 blocks of 16 KiB, their copy into the queue too", blocksOf(16)],
  ["1000 requests", framesOf(REQUEST, 1000)],
  ["1000 haves", framesOf({ type: "have", index: 1 }, 1000)],
];

for (const [name, bytes] of READ_CASES) {
  const queue = new ByteQueue(bytes.length);
  Deno.bench(`readMessage(): ${name}`, { group: "read" }, () => {
    readAll(queue, bytes);
  });
}

const buffer = new DataView(new ArrayBuffer(64 * 1024));

Deno.bench("writeMessage(): 1000 requests", { group: "write" }, () => {
  let at = 0;
  for (let count = 0; count < 1000; count++) {
    at = writeMessage(REQUEST, buffer, at);
  }
});

Deno.bench("writePieceHeader(): 1000 blocks", { group: "write" }, () => {
  for (let count = 0; count < 1000; count++) {
    writePieceHeader(BLOCK, buffer, 0);
  }
});

const EXCHANGE = {
  added: Array.from({ length: 50 }, (_, host) => ({
    address: { hostname: `10.0.0.${host}`, port: 6881 },
    isSeeder: false,
    isReachable: true,
  })),
  dropped: [],
};
const exchangePayload = encodePeerExchange(EXCHANGE);

Deno.bench("encodePeerExchange(): 50 peers", { group: "extended" }, () => {
  encodePeerExchange(EXCHANGE);
});

Deno.bench("parsePeerExchange(): 50 peers", { group: "extended" }, () => {
  parsePeerExchange(exchangePayload);
});
