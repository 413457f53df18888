import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { RequestWindow } from "../../../lib/swarm/request_window.ts";

function grown(blockCount: number): RequestWindow {
  const window = new RequestWindow();
  for (let block = 0; block < blockCount; block++) window.grow();
  return window;
}

Deno.test("RequestWindow opens by a block a block received", () => {
  const first = new RequestWindow().size;
  assertEquals(grown(10).size, first + 10);
});

Deno.test("RequestWindow stays below what other clients take", () => {
  assertEquals(grown(10_000).size, grown(20_000).size);
  assert(grown(10_000).size <= 250);
});

Deno.test("RequestWindow of a peer that delivers nothing falls to a few blocks", () => {
  const window = grown(1000);
  window.fit(0);
  assert(window.size >= 1 && window.size <= 8);
});

Deno.test("RequestWindow of a slow peer covers what it delivers in a second or two", () => {
  const window = grown(1000);
  window.fit(20 * BLOCK_SIZE);
  assert(window.size >= 20 && window.size <= 40);
});

Deno.test("RequestWindow of a fast peer is not cut", () => {
  const window = grown(1000);
  const { size } = window;
  window.fit(1e9);
  assertEquals(window.size, size);
});

Deno.test("RequestWindow is never opened by the clock, only by blocks", () => {
  const window = new RequestWindow();
  window.fit(0);
  const { size } = window;
  window.fit(1e9);
  assertEquals(window.size, size);
  window.grow();
  assertEquals(window.size, size + 1);
});
