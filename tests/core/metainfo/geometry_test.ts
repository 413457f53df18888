import { assertEquals, assertThrows } from "@std/assert";
import {
  BLOCK_SIZE,
  choosePieceLength,
  Geometry,
} from "../../../lib/metainfo/geometry.ts";

Deno.test("Geometry tiles the torrent with pieces and the pieces with blocks", () => {
  const cases: [length: number, pieceLength: number][] = [
    [0, 1],
    [1, 262_144],
    [BLOCK_SIZE, BLOCK_SIZE],
    [BLOCK_SIZE + 1, BLOCK_SIZE],
    [1_000_000, 65_536],
    // A piece length need not be a multiple of the block size.
    [1_000_000, 20_000],
    [7, 3],
  ];
  for (const [length, pieceLength] of cases) {
    const geometry = new Geometry(length, pieceLength);
    let total = 0;
    for (let index = 0; index < geometry.pieceCount; index++) {
      assertEquals(geometry.pieceOffset(index), total);
      for (let block = 0; block < geometry.blockCountAt(index); block++) {
        total += geometry.blockLengthAt(index, block);
      }
    }
    assertEquals(total, length);
  }
});

Deno.test("Geometry shortens the last piece and its last block", () => {
  const geometry = new Geometry(2 * 32_768 + 16_385, 32_768);
  assertEquals(geometry.pieceCount, 3);
  assertEquals(geometry.pieceLengthAt(1), 32_768);
  assertEquals(geometry.pieceLengthAt(2), 16_385);
  assertEquals(geometry.blockCountAt(2), 2);
  assertEquals(geometry.blockLengthAt(2, 0), BLOCK_SIZE);
  assertEquals(geometry.blockLengthAt(2, 1), 1);
});

Deno.test("Geometry.contains() accepts only ranges inside a piece", () => {
  const geometry = new Geometry(40_000, 32_768);
  assertEquals(geometry.contains(0, 0, 32_768), true);
  assertEquals(geometry.contains(1, 7231, 1), true);
  assertEquals(geometry.contains(0, 1, 32_768), false);
  assertEquals(geometry.contains(1, 7232, 1), false);
  assertEquals(geometry.contains(2, 0, 1), false);
  assertEquals(geometry.contains(0, 0, 0), false);
});

Deno.test("Geometry refuses lengths that are not a number of bytes", () => {
  for (const length of [-1, 0.5, NaN, 2 ** 53]) {
    assertThrows(() => new Geometry(length, 1), RangeError, "length");
  }
  for (const pieceLength of [0, -1, 1.5, NaN, 2 ** 53]) {
    assertThrows(
      () => new Geometry(1, pieceLength),
      RangeError,
      "piece length",
    );
  }
  assertThrows(
    () => new Geometry(1, 1).pieceLengthAt(1),
    RangeError,
    "piece 1",
  );
});

Deno.test("Geometry finds the block at an offset and the range of a block", () => {
  const geometry = new Geometry(40_000, 32_768);
  const ids = [[0, 0], [0, 16_384], [1, 0]] as const;
  assertEquals(
    ids.map(([index, offset]) => geometry.blockIdAt(index, offset)),
    [0, 1, 2],
  );
  assertEquals(
    [0, 1, 2].map((id) => Object.values(geometry.blockRange(id))),
    [[0, 0, 16_384], [0, 16_384, 16_384], [1, 0, 7232]],
  );
  const nowhere = [[0, 1], [0, 32_768], [1, 16_384], [0, 2 ** 32 - 16_384]];
  for (const [index, offset] of nowhere) {
    assertEquals(geometry.blockIdAt(index!, offset!), undefined);
  }
});

Deno.test("choosePieceLength() gives at most 65,536 pieces while a piece may be longer", () => {
  const [KIB, MIB, GIB] = [2 ** 10, 2 ** 20, 2 ** 30];
  const cases: [length: number, pieceLength: number][] = [
    [0, 256 * KIB],
    [256 * MIB - 1, 256 * KIB],
    [256 * MIB, MIB],
    [GIB, MIB],
    [64 * GIB, MIB],
    [64 * GIB + 1, 2 * MIB],
    [128 * GIB, 2 * MIB],
    [450e9, 8 * MIB],
    [16_384 * GIB, 256 * MIB],
    [Number.MAX_SAFE_INTEGER, 256 * MIB],
  ];
  for (const [length, pieceLength] of cases) {
    assertEquals(choosePieceLength(length), pieceLength, `${length}`);
  }
});
