import { assertEquals } from "@std/assert";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { Outbox } from "../../../lib/peer/outbox.ts";
import { Pacer } from "../../../lib/peer/pacer.ts";
import { UploadTurns } from "../../../lib/peer/upload_turns.ts";
import {
  MAX_FRAME_LENGTH,
  readMessage,
} from "../../../lib/wire/read_message.ts";

/** Pieces of the torrent. */
const PIECE_COUNT = 100_000;

/** An outbox on a connection that holds all writes until it is opened. */
class GatedOutbox {
  readonly outbox: Outbox;
  readonly #ending = new AbortController();
  readonly #received = new ByteQueue(BLOCK_SIZE);
  overflows = 0;
  /** Of each block that was read. */
  readonly runLengths: number[] = [];
  #gate = Promise.withResolvers<void>();

  constructor() {
    this.outbox = new Outbox({
      channel: { write: (bytes) => this.#write(bytes) },
      turns: new UploadTurns().of("192.0.2.1"),
      context: {
        pieceCount: PIECE_COUNT,
        readBlock: ({ length }, _into, runLength) => {
          this.runLengths.push(runLength);
          return Promise.resolve(length);
        },
        uploadPacer: new Pacer(0),
      },
      signal: this.#ending.signal,
      onOverflow: () => this.overflows++,
      onBlocksSent: () => {},
    });
  }

  sendBlock(index = 0, block = 0): void {
    const offsetInPiece = block * BLOCK_SIZE;
    this.outbox.sendBlock({ index, offsetInPiece, length: BLOCK_SIZE });
  }

  /** Lets all writes through. Returns the types of the messages in them, in order. */
  async open(): Promise<string[]> {
    this.#gate.resolve();
    // Each write is followed by a few turns of the loop, none by a timer.
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    const types: string[] = [];
    for (;;) {
      const message = readMessage(this.#received, MAX_FRAME_LENGTH);
      if (message === undefined) return types;
      types.push(message.type);
    }
  }

  async run(work: () => Promise<void>): Promise<void> {
    const running = this.outbox.run();
    await work();
    this.#ending.abort();
    await running;
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    await this.#gate.promise;
    this.#received.push(bytes);
    return true;
  }
}

Deno.test("Outbox lets requests and haves overtake blocks", async () => {
  const gated = new GatedOutbox();
  gated.sendBlock();
  gated.sendBlock();
  await gated.run(async () => {
    gated.outbox.send({ type: "have", index: 1 });
    assertEquals(await gated.open(), ["piece", "piece", "have"]);
  });
  const other = new GatedOutbox();
  other.sendBlock();
  other.outbox.send({ type: "have", index: 1 });
  await other.run(async () => {
    assertEquals(await other.open(), ["have", "piece"]);
  });
});

Deno.test("Outbox sends metadata in its turn among the blocks", async () => {
  const gated = new GatedOutbox();
  const payload = new Uint8Array(8);
  const tail = new Uint8Array(BLOCK_SIZE);
  gated.sendBlock();
  gated.outbox.send({ type: "extended", id: 7, payload, tail });
  gated.outbox.send({ type: "extended", id: 7, payload });
  gated.outbox.send({ type: "have", index: 1 });
  await gated.run(async () => {
    assertEquals(await gated.open(), ["extended", "have", "piece", "extended"]);
  });
});

Deno.test("Outbox sends a choke behind the blocks before it", async () => {
  const gated = new GatedOutbox();
  gated.sendBlock();
  gated.outbox.send({ type: "choke" });
  gated.outbox.send({ type: "interested" });
  await gated.run(async () => {
    assertEquals(await gated.open(), ["interested", "piece", "choke"]);
  });
});

Deno.test("Outbox sends the rejects of a choke behind it, and others ahead of the blocks", async () => {
  const range = { index: 0, offsetInPiece: 0, length: BLOCK_SIZE };
  const gated = new GatedOutbox();
  gated.sendBlock();
  gated.outbox.send({ type: "reject", ...range });
  gated.outbox.send({ type: "choke" });
  gated.outbox.send({ type: "reject", ...range });
  gated.outbox.send({ type: "interested" });
  await gated.run(async () => {
    assertEquals(
      await gated.open(),
      ["reject", "interested", "piece", "choke", "reject"],
    );
  });
});

Deno.test("Outbox keeps the order of a choke and the unchoke after it", async () => {
  const gated = new GatedOutbox();
  await gated.run(async () => {
    gated.sendBlock();
    await Promise.resolve();
    // The write of the block is held; these two wait behind it.
    gated.outbox.send({ type: "choke" });
    gated.outbox.send({ type: "unchoke" });
    assertEquals(await gated.open(), ["piece", "choke", "unchoke"]);
  });
});

Deno.test("Outbox reads each block as part of the run of adjacent blocks that are sent or wait", async () => {
  const gated = new GatedOutbox();
  await gated.run(async () => {
    for (const block of [0, 1, 2]) gated.sendBlock(0, block);
    gated.sendBlock(3, 8);
    for (const block of [4, 3, 4]) gated.sendBlock(0, block);
    await gated.open();
    // A later batch continues the last run.
    gated.sendBlock(0, 5);
    gated.sendBlock(1, 6);
    await gated.open();
    assertEquals(
      gated.runLengths.map((length) => length / BLOCK_SIZE),
      [3, 3, 3, 1, 1, 2, 2, 3, 1],
    );
  });
});

Deno.test("Outbox reports a peer that does not read before memory fills", async () => {
  const gated = new GatedOutbox();
  await gated.run(async () => {
    // A seeder may announce all its pieces at once.
    for (let index = 0; index < PIECE_COUNT; index++) {
      gated.outbox.send({ type: "have", index });
    }
    for (let count = 0; count < 16_384; count++) {
      gated.outbox.send({ type: "keepAlive" });
    }
    assertEquals(gated.overflows, 0);
    gated.outbox.send({ type: "have", index: 0 });
    assertEquals(gated.overflows, 1);
    await gated.open();
  });
});

Deno.test("Outbox gives blocks back that wait, and keeps the order of what stays", async () => {
  const gated = new GatedOutbox();
  gated.sendBlock(1);
  gated.outbox.send({ type: "choke" });
  gated.sendBlock(2);
  gated.outbox.send({ type: "unchoke" });
  const indexes = gated.outbox.takeBlocks().map(({ index }) => index);
  assertEquals([indexes, gated.outbox.takeBlocks()], [[1, 2], []]);
  await gated.run(async () => {
    assertEquals(await gated.open(), ["choke", "unchoke"]);
  });
});
