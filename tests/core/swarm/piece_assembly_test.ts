import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import type { PieceBytes } from "../../../lib/swarm/events.ts";
import {
  CorruptPieces,
  PieceAssembly,
} from "../../../lib/swarm/piece_assembly.ts";

/** A piece of `blockCount` blocks, the last of 5 bytes. */
function assemblyOf(blockCount: number): PieceAssembly {
  const bytes = new Uint8Array((blockCount - 1) * BLOCK_SIZE + 5);
  return new PieceAssembly(0, bytes, { assignee: 1, isExclusive: false });
}

/** `.` is open, a digit the number of requests, `#` received. */
function picture(assembly: PieceAssembly): string {
  return Array.from({ length: assembly.blockCount }, (_, block) => {
    if (assembly.isReceived(block)) return "#";
    return assembly.requestCount(block) || ".";
  }).join("");
}

function block(fill: number, length = BLOCK_SIZE): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

Deno.test("PieceAssembly offers its blocks in order, each until it is requested", () => {
  const assembly = assemblyOf(3);
  const offered: (number | undefined)[] = [];
  for (let step = 0; step < 4; step++) {
    const open = assembly.nextOpen();
    offered.push(open);
    if (open !== undefined) assembly.request(open);
  }
  assertEquals(offered, [0, 1, 2, undefined]);
  assertEquals(picture(assembly), "111");
});

Deno.test("PieceAssembly offers a block again when its last request is released", () => {
  const assembly = assemblyOf(3);
  for (const requested of [0, 1, 2, 1]) assembly.request(requested);
  assertEquals(picture(assembly), "121");
  assembly.release(1);
  assertEquals(assembly.nextOpen(), undefined);
  assembly.release(1);
  assertEquals(picture(assembly), "1.1");
  assertEquals(assembly.nextOpen(), 1);
});

Deno.test("PieceAssembly never offers a received block again", () => {
  const assembly = assemblyOf(2);
  assembly.request(0);
  assembly.receive(0, block(1), "a");
  assembly.release(0);
  assertEquals(picture(assembly), "#.");
  assertEquals(assembly.nextOpen(), 1);
});

Deno.test("PieceAssembly is complete with its last block, in any order", () => {
  const assembly = assemblyOf(3);
  assembly.receive(2, block(3, 5), "c");
  assembly.receive(0, block(1), "a");
  assertEquals(assembly.isComplete, false);
  assembly.receive(1, block(2), "b");
  assertEquals(assembly.isComplete, true);
  const { bytes } = assembly;
  assertEquals(
    [
      bytes[0],
      bytes[BLOCK_SIZE - 1],
      bytes[BLOCK_SIZE],
      bytes.at(-5),
      bytes.at(-1),
    ],
    [1, 1, 2, 3, 3],
  );
});

Deno.test("PieceAssembly knows who sent each block", () => {
  const assembly = assemblyOf(3);
  assembly.receive(0, block(1), "192.0.2.1");
  assembly.receive(2, block(1, 5), "192.0.2.2");
  assertEquals(assembly.senders, ["192.0.2.1", undefined, "192.0.2.2"]);
});

Deno.test("PieceAssembly keeps the first copy of a block that arrives twice", () => {
  const assembly = assemblyOf(2);
  assembly.receive(0, block(1), "first");
  assembly.receive(0, block(9), "second");
  assertEquals(assembly.bytes[0], 1);
  assertEquals(assembly.senders[0], "first");
  assertEquals(assembly.isComplete, false);
});

Deno.test("PieceAssembly copies the bytes that it receives", () => {
  const assembly = assemblyOf(1);
  const bytes = block(7, 5);
  assembly.receive(0, bytes, "a");
  bytes.fill(0);
  assertEquals(assembly.bytes, block(7, 5));
});

/**
 * A complete piece, one block a word: `"a:1 b:2"` is a block of ones from
 * host a and a block of twos from host b. The last block has 7 bytes.
 */
function pieceOf(picture: string, index = 0): PieceAssembly {
  const blocks = picture.split(" ").map((word) => word.split(":"));
  const length = (blocks.length - 1) * BLOCK_SIZE + 7;
  const piece = new PieceAssembly(index, new Uint8Array(length), {
    assignee: 1,
    isExclusive: false,
  });
  blocks.forEach(([hostname, fill], block) => {
    const isLast = block === blocks.length - 1;
    const bytes = new Uint8Array(isLast ? 7 : BLOCK_SIZE).fill(Number(fill));
    piece.receive(block, bytes, hostname!);
  });
  return piece;
}

/** A verified piece with the content of a picture. */
function hashed(index: number, { bytes }: PieceAssembly): PieceBytes {
  return { index, bytes };
}

Deno.test("CorruptPieces names the host that sent all of a corrupt copy", () => {
  const pieces = new CorruptPieces();
  assertEquals([...pieces.add(pieceOf("a:1 a:2 a:3"))], ["a"]);
  assertEquals(pieces.has(0), false);
});

Deno.test("CorruptPieces keeps a copy of several hosts until the piece is verified", () => {
  const pieces = new CorruptPieces();
  assertEquals([...pieces.add(pieceOf("a:1 b:9 a:3"))], []);
  assertEquals(pieces.has(0), true);
  assertEquals(pieces.has(1), false);
});

const PICTURES: readonly [copy: string, right: string, culprits: string[]][] = [
  ["a:1 b:9 a:3", "c:1 c:2 c:3", ["b"]],
  ["a:9 b:2 c:3", "c:1 c:2 c:3", ["a"]],
  ["a:9 b:9 c:3", "c:1 c:2 c:3", ["a", "b"]],
  ["a:1 b:2 c:9", "d:1 d:2 d:3", ["c"]], // the short last block
  ["a:1 b:9 b:3", "b:1 b:2 b:3", ["b"]], // correct the second time
  ["a:1 b:2 c:3", "d:1 d:2 d:3", []], // corrupted here
];

for (const [copy, right, culprits] of PICTURES) {
  Deno.test(`CorruptPieces finds in ${copy} against ${right}: ${culprits}`, () => {
    const pieces = new CorruptPieces();
    pieces.add(pieceOf(copy));
    const found = pieces.compare(hashed(0, pieceOf(right)));
    assertEquals([...found], culprits);
    assertEquals(pieces.has(0), false);
  });
}

Deno.test("CorruptPieces sees a difference of one byte", () => {
  const pieces = new CorruptPieces();
  const copy = pieceOf("a:1 b:2");
  copy.bytes[BLOCK_SIZE - 1]! ^= 1;
  pieces.add(copy);
  const culprits = pieces.compare(hashed(0, pieceOf("c:1 c:2")));
  assertEquals([...culprits], ["a"]);
});

Deno.test("CorruptPieces names no host for a piece that was never corrupt", () => {
  const culprits = new CorruptPieces().compare(hashed(3, pieceOf("a:1")));
  assertEquals(culprits.size, 0);
});

Deno.test("CorruptPieces keeps eight copies and drops the oldest first", () => {
  const pieces = new CorruptPieces();
  for (let index = 0; index < 9; index++) {
    pieces.add(pieceOf("a:1 b:2", index));
  }
  assertEquals(pieces.has(0), false);
  for (let index = 1; index < 9; index++) {
    assertEquals(pieces.has(index), true);
  }
});

Deno.test("CorruptPieces keeps fewer copies of large pieces", () => {
  const mib = 1024 * 1024;
  const kept = (pieceLength: number): number => {
    const pieces = new CorruptPieces();
    for (let index = 0; index < 9; index++) {
      const bytes = new Uint8Array(pieceLength);
      const options = { assignee: 1, isExclusive: false, blockLength: mib };
      const copy = new PieceAssembly(index, bytes, options);
      copy.receive(0, bytes.subarray(0, mib), "a");
      copy.receive(1, bytes.subarray(0, mib), "b");
      pieces.add(copy);
    }
    return Array.from({ length: 9 }, (_, index) => index)
      .filter((index) => pieces.has(index)).length;
  };
  assertEquals(kept(16 * mib), 2);
  assertEquals(kept(64 * mib), 1);
});
