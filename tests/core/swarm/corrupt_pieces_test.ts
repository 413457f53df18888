import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import type { HashedPiece } from "../../../lib/swarm/events.ts";
import { PieceAssembly } from "../../../lib/swarm/piece_assembly.ts";
import { CorruptPieces } from "../../../lib/swarm/piece_assembly.ts";

/**
 * A complete piece, one block a word: `"a:1 b:2"` is a block of ones from
 * host a and a block of twos from host b. The last block has 7 bytes.
 */
function pieceOf(picture: string, index = 0): PieceAssembly {
  const blocks = picture.split(" ").map((word) => word.split(":"));
  const length = (blocks.length - 1) * BLOCK_SIZE + 7;
  const piece = new PieceAssembly(index, new Uint8Array(length), {
    owner: 1,
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
function hashed(index: number, { bytes }: PieceAssembly): HashedPiece {
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
      const options = { owner: 1, isExclusive: false, blockLength: mib };
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
