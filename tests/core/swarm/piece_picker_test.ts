import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { PickerDesk } from "./picker_desk.ts";
import { piecesOf } from "./swarm_desk.ts";

Deno.test("PiecePicker picks the rarest piece that the peer has", () => {
  const desk = new PickerDesk({ pieceCount: 4, blocksPerPiece: 1 });
  desk.join(1, "####");
  desk.join(2, "##.#");
  desk.join(3, "#..#");
  // Availability: 3 2 1 3.
  assertEquals(desk.picks(1, 2), "2.0 1.0");
  assert(["0.0", "3.0"].includes(desk.pick(3)));
  assertEquals(desk.picker.availability(0), 3);
});

Deno.test("PiecePicker picks no piece that the peer lacks or that is verified", () => {
  const desk = new PickerDesk({ pieceCount: 3, blocksPerPiece: 1, have: [0] });
  desk.join(1, "##.");
  assertEquals(desk.picks(1, 2), "1.0 -");
});

Deno.test("PiecePicker picks no piece that is not wanted, and ends without them", () => {
  const desk = new PickerDesk({
    ...{ pieceCount: 5, blocksPerPiece: 1 },
    ...{ have: [3], wanted: [1, 3, 4] },
  });
  desk.join(1, "#####");
  assertEquals(desk.picks(1, 3).split(" ").sort().join(" "), "- 1.0 4.0");
  assertEquals(desk.picker.isEndGame, true);
});

Deno.test("PiecePicker picks the pieces to fetch first in their order, of those that the peer has", () => {
  const desk = new PickerDesk({
    ...{ pieceCount: 6, blocksPerPiece: 1 },
    first: [4, 5, 1],
  });
  desk.join(1, "######");
  desk.join(2, "#.###.");
  desk.join(3, "######");
  // Piece 4 is the most common one.
  assertEquals([desk.pick(1), desk.pick(3)], ["4.0", "5.0"]);
  assert(["0.0", "2.0", "3.0"].includes(desk.pick(2)));
  assertEquals(desk.pick(3), "1.0");
  assert(["0.0", "2.0", "3.0"].includes(desk.pick(1)));
});

Deno.test("PiecePicker finishes a peer's own piece before a new one", () => {
  const desk = new PickerDesk({ pieceCount: 2, blocksPerPiece: 3 });
  desk.join(1, "##");
  const [first, ...rest] = desk.picks(1, 6).split(" ");
  const own = first![0];
  const other = own === "0" ? "1" : "0";
  assertEquals(
    rest.join(" "),
    `${own}.1 ${own}.2 ${other}.0 ${other}.1 ${other}.2`,
  );
});

Deno.test("PiecePicker gives each peer a piece of its own", () => {
  const desk = new PickerDesk({ pieceCount: 2, blocksPerPiece: 2 });
  desk.join(1, "##");
  desk.join(2, "##");
  const [one] = desk.pick(1);
  const [other] = desk.pick(2);
  assert(one !== other);
  assertEquals([desk.pick(1)[0], desk.pick(2)[0]], [one, other]);
});

Deno.test("PiecePicker continues an abandoned piece before a new one", () => {
  const desk = new PickerDesk({ pieceCount: 3, blocksPerPiece: 2 });
  desk.join(1, "#..");
  desk.join(2, "###");
  assertEquals(desk.picks(1, 2), "0.0 0.1");
  desk.deliver(1, "0.0");
  desk.dropRequests(1);
  assertEquals(desk.pick(2), "0.1");
  assert(desk.pick(2)[0] !== "0", "then a new piece");
});

Deno.test("PiecePicker leaves an abandoned piece to a peer that has it", () => {
  const desk = new PickerDesk({ pieceCount: 2, blocksPerPiece: 2 });
  desk.join(1, "#.");
  desk.join(2, ".#");
  desk.pick(1);
  desk.dropRequests(1);
  assertEquals(desk.picks(2, 3), "1.0 1.1 -");
  assertEquals(desk.pick(1), "0.0");
});

Deno.test("PiecePicker helps with another peer's piece once no new one is left", () => {
  const desk = new PickerDesk({ pieceCount: 1, blocksPerPiece: 4 });
  desk.join(1, "#");
  desk.join(2, "#");
  assertEquals(desk.picks(1, 2), "0.0 0.1");
  assertEquals(desk.picks(2, 2), "0.2 0.3");
});

Deno.test("PiecePicker returns a complete piece once, with its last block", () => {
  const desk = new PickerDesk({ pieceCount: 1, blocksPerPiece: 2 });
  desk.join(1, "#");
  desk.picks(1, 2);
  assertEquals(desk.deliver(1, "0.1"), undefined);
  const piece = desk.deliver(1, "0.0");
  assertEquals(piece?.index, 0);
  assertEquals(desk.pick(1), "-");
  assertEquals(desk.isMissing(1, "0.0"), false);
  const { bytes } = piece!;
  assertEquals(desk.picker.verified({ index: 0, bytes }), true);
  assertEquals(desk.picker.verified({ index: 0, bytes }), false);
});

Deno.test("PiecePicker begins a corrupt piece again", () => {
  const desk = new PickerDesk({ pieceCount: 1, blocksPerPiece: 2 });
  desk.join(1, "#");
  desk.picks(1, 2);
  assertEquals(desk.deliverAll(1), [0]);
  assertEquals(desk.pick(1), "-");
  assertEquals(desk.picker.corrupt(0)?.index, 0);
  assertEquals(desk.picks(1, 2), "0.0 0.1");
});

Deno.test("PiecePicker lets one peer alone deliver a suspect piece", () => {
  const desk = new PickerDesk({
    pieceCount: 1,
    blocksPerPiece: 3,
    suspects: [0],
  });
  desk.join(1, "#");
  desk.join(2, "#");
  assertEquals(desk.pick(1), "0.0");
  assertEquals(desk.pick(2), "-");
  assertEquals([desk.isMissing(1, "0.0"), desk.isMissing(2, "0.0")], [
    true,
    false,
  ]);
  desk.picks(1, 2);
  assertEquals(desk.deliverAll(1), [0]);
});

Deno.test("PiecePicker begins a suspect piece again when its peer abandons it", () => {
  const desk = new PickerDesk({
    pieceCount: 1,
    blocksPerPiece: 2,
    suspects: [0],
  });
  desk.join(1, "#");
  desk.join(2, "#");
  desk.picks(1, 2);
  desk.deliver(1, "0.0");
  desk.dropRequests(1);
  assertEquals(desk.picks(2, 2), "0.0 0.1");
  const piece = desk.deliver(2, "0.1") ?? desk.deliver(2, "0.0");
  assertEquals(piece?.senders, ["192.0.2.2", "192.0.2.2"]);
  // The block of the peer that left.
  assertEquals(desk.traffic.wasted, BLOCK_SIZE);
});

Deno.test("PiecePicker counts the blocks of a piece that is evicted as wasted", () => {
  // Pieces of 32 MiB: four are allowed.
  const desk = new PickerDesk({ pieceCount: 6, blocksPerPiece: 2048 });
  for (const key of [1, 2, 3, 4]) {
    desk.join(key, "####..");
    desk.deliver(key, desk.pick(key));
    desk.deliver(key, desk.pick(key));
  }
  for (const key of [1, 2, 3, 4]) desk.dropRequests(key);
  desk.join(5, "....##");
  assertEquals(desk.traffic.wasted, 0);
  assert(desk.pick(5) !== "-", "it begins a piece in the place of another");
  assertEquals(desk.traffic.wasted, 2 * BLOCK_SIZE);
});

Deno.test("PiecePicker helps with a piece instead of exceeding its memory", () => {
  // Pieces of 32 MiB: four are allowed, however large.
  const blocksPerPiece = 2048;
  const desk = new PickerDesk({ pieceCount: 6, blocksPerPiece });
  for (let key = 1; key <= 5; key++) desk.join(key, "######");
  const begun = [1, 2, 3, 4].map((key) => desk.pick(key)[0]);
  assertEquals(new Set(begun).size, 4);
  const [helped, block] = desk.pick(5).split(".");
  assert(begun.includes(helped!), "the fifth peer helps");
  assertEquals(block, "1");
});

Deno.test("PiecePicker holds two pieces in memory where each is larger than its memory", () => {
  // Pieces of 256 MiB.
  const desk = new PickerDesk({ pieceCount: 4, blocksPerPiece: 16_384 });
  for (const key of [1, 2, 3]) desk.join(key, "####");
  const begun = [1, 2, 3].map((key) => desk.pick(key)[0]);
  assertEquals(new Set(begun).size, 2);
});

Deno.test("PiecePicker uses the memory of a large piece again for the next", () => {
  // Pieces of 64 MiB from two seeders.
  const desk = new PickerDesk({ pieceCount: 4, blocksPerPiece: 4096 });
  for (const key of [1, 2]) desk.join(key, "####");
  const buffers = new Set<ArrayBufferLike>();
  for (let round = 0; round < 2; round++) {
    for (const key of [1, 2]) desk.picks(key, 4096);
    for (const key of [1, 2]) {
      const begun = desk.completeAll(key);
      for (const { bytes } of begun) buffers.add(bytes.buffer);
      for (const piece of begun) assert(desk.picker.verified(piece));
    }
  }
  assertEquals([desk.pick(1), desk.pick(2)], ["-", "-"], "all is here");
  assertEquals(buffers.size, 2);
});

Deno.test("PiecePicker ends with two large pieces though one seeder stops", () => {
  const desk = new PickerDesk({ pieceCount: 2, blocksPerPiece: 4096 });
  for (const key of [1, 2]) desk.join(key, "##");
  desk.picks(1, 4096);
  desk.picks(2, 4096);
  assertEquals(desk.deliverAll(2).length, 1);
  // The first holds its requests: the second doubles a few of them at a time.
  const doubled: string[] = [];
  for (let name = desk.pick(2); name !== "-"; name = desk.pick(2)) {
    doubled.push(name);
    desk.deliver(2, name);
  }
  assertEquals(new Set(doubled).size, 4096);
});

Deno.test("PiecePicker begins a new piece once one is verified and its memory is free", () => {
  const desk = new PickerDesk({ pieceCount: 5, blocksPerPiece: 512 });
  desk.join(1, "#####");
  const begun = new Set(
    desk.picks(1, 4 * 512).split(" ").map((name) => name[0]),
  );
  assertEquals(begun.size, 4);
  assertEquals(desk.pick(1), "-");
  assertEquals(desk.deliverAll(1).length, 4);
  assertEquals(desk.pick(1), "-", "all four await their hash check");
  desk.verify(Number([...begun][0]));
  assert(!begun.has(desk.pick(1)[0]!));
});

Deno.test("PiecePicker doubles the oldest requests in the end game, a few for each peer", () => {
  const desk = new PickerDesk({ pieceCount: 1, blocksPerPiece: 8 });
  for (const key of [1, 2, 3]) desk.join(key, "#");
  desk.picks(1, 8);
  assertEquals(desk.picks(2, 3), "0.0 0.1 -");
  // The first two are requested of two peers: the third takes the next.
  assertEquals(desk.picks(3, 3), "0.2 0.3 -");
});

Deno.test("PiecePicker doubles no request while a piece is not begun", () => {
  const desk = new PickerDesk({ pieceCount: 2, blocksPerPiece: 2 });
  desk.join(1, "#.");
  desk.join(2, "#.");
  desk.picks(1, 2);
  assertEquals(desk.pick(2), "-");
  desk.join(3, ".#");
  desk.pick(3);
  assertEquals(desk.pick(2), "0.0");
});

Deno.test("PiecePicker keeps a doubled block requested until its last request is released", () => {
  const desk = new PickerDesk({ pieceCount: 1, blocksPerPiece: 1 });
  desk.join(1, "#");
  desk.join(2, "#");
  assertEquals([desk.pick(1), desk.pick(2)], ["0.0", "0.0"]);
  desk.dropRequests(1);
  assert(desk.picker.requestCount(0) > 0);
  desk.dropRequests(2);
  assertEquals(desk.picker.requestCount(0), 0);
  assertEquals(desk.pick(1), "0.0");
});

Deno.test("PiecePicker takes a request back up only while the block is needed", () => {
  const desk = new PickerDesk({ pieceCount: 1, blocksPerPiece: 2 });
  desk.join(1, "#");
  desk.join(2, "#");
  desk.picks(1, 2);
  desk.dropRequests(1);
  assertEquals(desk.pick(2), "0.0");
  desk.deliver(2, "0.0");
  assertEquals(desk.picker.requestAgain(0), false, "another peer delivered it");
  assertEquals(desk.picker.requestAgain(1), true);
  assert(desk.picker.requestCount(1) > 0);
});

Deno.test("PiecePicker begins no piece for a peer that must not", () => {
  const desk = new PickerDesk({ pieceCount: 3, blocksPerPiece: 1 });
  desk.join(1, "##.");
  assertEquals(desk.pick(1, { begin: "none" }), "-");
  assert(["0.0", "1.0"].includes(desk.pick(1)));
  assertEquals(desk.pick(1, { begin: "none" }), "-");
});

Deno.test("PiecePicker begins only pieces that no other peer has for a peer that must", () => {
  const desk = new PickerDesk({ pieceCount: 3, blocksPerPiece: 1 });
  desk.join(1, "###");
  desk.join(2, "#.#");
  // Availability: 2 1 2.
  assertEquals(desk.picks(1, 2, { begin: "unique" }), "1.0 -");
});

Deno.test("PiecePicker finishes a begun piece for a peer that must not begin another", () => {
  const desk = new PickerDesk({ pieceCount: 2, blocksPerPiece: 3 });
  desk.join(1, "#.");
  assertEquals(desk.pick(1), "0.0");
  assertEquals(desk.picks(1, 3, { begin: "none" }), "0.1 0.2 -");
});

Deno.test("PiecePicker chooses among the given pieces alone", () => {
  const desk = new PickerDesk({ pieceCount: 4, blocksPerPiece: 1 });
  desk.join(1, "####");
  const among = piecesOf("#..#");
  const picked = desk.picks(1, 3, { among }).split(" ");
  assertEquals(picked.sort(), ["-", "0.0", "3.0"]);
});
