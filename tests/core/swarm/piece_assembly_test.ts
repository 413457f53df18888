import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { PieceAssembly } from "../../../lib/swarm/piece_assembly.ts";

/** A piece of `blockCount` blocks, the last of 5 bytes. */
function assemblyOf(blockCount: number): PieceAssembly {
  const bytes = new Uint8Array((blockCount - 1) * BLOCK_SIZE + 5);
  return new PieceAssembly(0, bytes, { owner: 1, isExclusive: false });
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
  assertEquals(assembly.sources, ["192.0.2.1", undefined, "192.0.2.2"]);
});

Deno.test("PieceAssembly keeps the first copy of a block that arrives twice", () => {
  const assembly = assemblyOf(2);
  assembly.receive(0, block(1), "first");
  assembly.receive(0, block(9), "second");
  assertEquals(assembly.bytes[0], 1);
  assertEquals(assembly.sources[0], "first");
  assertEquals(assembly.isComplete, false);
});

Deno.test("PieceAssembly copies the bytes that it receives", () => {
  const assembly = assemblyOf(1);
  const bytes = block(7, 5);
  assembly.receive(0, bytes, "a");
  bytes.fill(0);
  assertEquals(assembly.bytes, block(7, 5));
});
