/**
 * Bitfields of a torrent of 80,000 pieces, 20 GiB in the default piece length.
 *
 * @module
 */
import { Bitfield } from "../../../lib/base/bitfield.ts";

const PIECE_COUNT = 80_000;
const half = new Bitfield(PIECE_COUNT);
for (let index = 0; index < PIECE_COUNT; index += 2) half.add(index);
const bytes = half.toBytes();

Deno.bench("Bitfield.fromBytes(): 80,000 pieces", () => {
  Bitfield.fromBytes(bytes, PIECE_COUNT);
});

Deno.bench("Bitfield.full(): 80,000 pieces", () => {
  Bitfield.full(PIECE_COUNT);
});

Deno.bench("Bitfield.indexes(): 40,000 of 80,000 pieces", () => {
  for (const _ of half.indexes());
});

Deno.bench("Bitfield.has(): 80,000 pieces, one by one", () => {
  for (let index = 0; index < PIECE_COUNT; index++) half.has(index);
});

Deno.bench("Bitfield.add(): 80,000 pieces, one by one", () => {
  const pieces = new Bitfield(PIECE_COUNT);
  for (let index = 0; index < PIECE_COUNT; index++) pieces.add(index);
});
