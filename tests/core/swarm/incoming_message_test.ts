import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { MAX_REQUEST_LENGTH } from "../../../lib/swarm/uploads.ts";
import type { Message } from "../../../lib/wire/message.ts";
import { SwarmDesk } from "./swarm_desk.ts";

/**
 * Ten pieces of four blocks, the last block 100 bytes short; we have pieces 0
 * to 4. Peer 1 is served and serves, peer 2 watches.
 */
function setUp(): SwarmDesk {
  const desk = new SwarmDesk({
    have: "#####.....",
    blocksPerPiece: 4,
    missingBytes: 100,
  });
  desk.join(1);
  desk.join(2);
  desk.signal(1, "interested");
  desk.signal(2, "interested");
  return desk;
}

function request(
  index: number,
  offsetInPiece: number,
  length = BLOCK_SIZE,
): Message {
  return { type: "request", index, offsetInPiece, length };
}

function bitfield(...bytes: number[]): Message {
  return { type: "bitfield", bytes: Uint8Array.from(bytes) };
}

function piece(
  index: number,
  offsetInPiece: number,
  length = BLOCK_SIZE,
): Message {
  const block = new Uint8Array(length);
  return { type: "piece", index, offsetInPiece, block };
}

const LAST_PIECE_LENGTH = 4 * BLOCK_SIZE - 100;

/** Messages that end the connection. */
const BROKEN: readonly [name: string, message: Message][] = [
  ["a have of a piece past the end", { type: "have", index: 10 }],
  ["a have of piece 2^32 - 1", { type: "have", index: 2 ** 32 - 1 }],
  ["a bitfield of too few bytes", bitfield(0xff)],
  ["a bitfield of no bytes", bitfield()],
  ["a bitfield of too many bytes", bitfield(0xff, 0xc0, 0)],
  ["a bitfield with a spare bit set", bitfield(0xff, 0xe0)],
  ["a bitfield with the last spare bit set", bitfield(0, 1)],
  ["a request of a piece past the end", request(10, 0)],
  ["a request of piece 2^32 - 1", request(2 ** 32 - 1, 0)],
  ["a request from past the piece's end", request(0, 4 * BLOCK_SIZE)],
  ["a request that runs over the piece's end", request(0, 3 * BLOCK_SIZE + 1)],
  ["a request that runs over the torrent's end", request(9, 3 * BLOCK_SIZE)],
  ["a request at offset 2^32 - 1", request(0, 2 ** 32 - 1)],
  ["a request of no bytes", request(0, 0, 0)],
  ["a request over 256 KiB", request(0, 0, MAX_REQUEST_LENGTH + 1)],
  ["a request of 2^32 - 1 bytes", request(0, 0, 2 ** 32 - 1)],
];

for (const [name, message] of BROKEN) {
  Deno.test(`Swarm disconnects the peer, and no other, for ${name}`, () => {
    const desk = setUp();
    assertEquals(desk.receive(1, message), ["1 disconnect protocol"]);
    assertEquals([...desk.swarm.peers.keys()], [2]);
    assertEquals(desk.request(2, "0.0"), [`2 serve 0.0 of ${BLOCK_SIZE}`]);
  });
}

/** Messages that are ignored. */
const DROPPED: readonly [name: string, message: Message][] = [
  ["a keep-alive", { type: "keepAlive" }],
  ["a message of an unknown id", { type: "unknown", id: 20, length: 0 }],
  ["a choke when it choked already", { type: "choke" }],
  ["a cancel of a request that was never made", {
    type: "cancel",
    index: 0,
    offsetInPiece: 0,
    length: BLOCK_SIZE,
  }],
  ["a cancel of a piece past the end", {
    type: "cancel",
    index: 2 ** 32 - 1,
    offsetInPiece: 2 ** 32 - 1,
    length: 2 ** 32 - 1,
  }],
  ["a request of a piece that we lack", request(5, 0)],
  ["a block that we did not request", piece(5, 0)],
  ["a block of a piece that we have", piece(0, 0)],
  ["a block of a piece past the end", piece(10, 0)],
  ["a block at an offset between blocks", piece(5, 7)],
  ["a block from past the piece's end", piece(5, 4 * BLOCK_SIZE)],
  ["a block at offset 2^32 - 16384", piece(5, 2 ** 32 - BLOCK_SIZE)],
];

for (const [name, message] of DROPPED) {
  Deno.test(`Swarm ignores ${name} and keeps the connection`, () => {
    const desk = setUp();
    assertEquals(desk.receive(1, message), []);
    assertEquals([...desk.swarm.peers.keys()], [1, 2]);
    assertEquals(desk.swarm.have.count, 5);
  });
}

Deno.test("Swarm counts unrequested blocks as wasted", () => {
  const desk = setUp();
  desk.receive(1, piece(5, 0));
  const { downloaded, wasted } = desk.swarm.traffic;
  assertEquals([downloaded, wasted], [BLOCK_SIZE, BLOCK_SIZE]);
});

Deno.test("Swarm ignores a request while it chokes the peer, and keeps the connection", () => {
  const desk = setUp();
  desk.join(3);
  assertEquals(desk.request(3, "0.0"), []);
  assertEquals(desk.signal(3, "interested"), ["3 < unchoke"]);
  assertEquals(desk.request(3, "0.0"), [`3 serve 0.0 of ${BLOCK_SIZE}`]);
});

Deno.test("Swarm adds a later bitfield, as aria2 sends it, to the pieces that the peer has", () => {
  const desk = setUp();
  desk.bitfield(1, "#.........");
  desk.have(1, 9);
  desk.bitfield(1, "##........");
  assertEquals([...desk.peer(1).source.pieces.indexes()], [0, 1, 9]);
});

Deno.test("Swarm disconnects a peer that sends a block of another length than requested", () => {
  for (const length of [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE + 1]) {
    const desk = setUp();
    desk.bitfield(1, ".....#....");
    desk.signal(1, "unchoke");
    assertEquals(desk.receive(1, piece(5, 0, length)), [
      "1 disconnect protocol",
    ]);
  }
});

Deno.test("Swarm serves up to the torrent's last byte and up to 256 KiB", () => {
  const desk = new SwarmDesk({
    have: "##",
    blocksPerPiece: 16,
    missingBytes: 100,
  });
  desk.join(1);
  desk.signal(1, "interested");
  const [first] = desk.receive(1, request(0, 0, MAX_REQUEST_LENGTH));
  assertEquals(first, `1 serve 0.0 of ${MAX_REQUEST_LENGTH}`);
  const [last] = desk.receive(
    1,
    request(1, 15 * BLOCK_SIZE, BLOCK_SIZE - 100),
  );
  assertEquals(last, `1 serve 1.15 of ${BLOCK_SIZE - 100}`);
});

Deno.test("Swarm disconnects a peer that makes requests without end", () => {
  const desk = setUp();
  let count = 0;
  while (desk.swarm.peers.has(1)) {
    desk.request(1, "0.0");
    count++;
  }
  assertEquals(count > 2000 && count < 2200, true);
  assertEquals([...desk.swarm.peers.keys()], [2]);
});

Deno.test("Swarm disconnects a peer that sends unrequested blocks without end", () => {
  const desk = setUp();
  let count = 0;
  while (desk.swarm.peers.has(1)) {
    desk.receive(1, piece(5, 0));
    count++;
  }
  assertEquals(count, 65);
  assertEquals([...desk.swarm.peers.keys()], [2]);
});

Deno.test("Swarm accepts any number of blocks that crossed with a choke", () => {
  const desk = setUp();
  desk.bitfield(1, ".....#....");
  for (let round = 0; round < 50; round++) {
    // The peer drops the requests and sends the blocks all the same.
    desk.signal(1, "unchoke");
    desk.signal(1, "choke");
    for (const block of [0, 1, 2, 3]) {
      assertEquals(desk.receive(1, piece(5, block * BLOCK_SIZE)), []);
    }
  }
});

Deno.test("Swarm accepts the short last block", () => {
  const desk = setUp();
  desk.bitfield(1, ".........#");
  desk.signal(1, "unchoke");
  const tail = LAST_PIECE_LENGTH - 3 * BLOCK_SIZE;
  assertEquals(desk.receive(1, piece(9, 3 * BLOCK_SIZE, tail)), []);
  assertEquals(desk.swarm.traffic.wasted, 0);
});
