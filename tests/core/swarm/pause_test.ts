/**
 * A swarm that is paused: nothing is requested and nobody is served, and connections
 * stay.
 */
import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { FAST, SwarmDesk } from "./swarm_desk.ts";

/** Blocks of 16 KiB that are handed out at once. */
const AHEAD = 64;

function unsent(...blocks: number[]): {
  readonly peer: number;
  readonly block: {
    readonly index: number;
    readonly offsetInPiece: number;
    readonly length: number;
  };
}[] {
  return blocks.map((block) => ({
    peer: 1,
    block: { index: 0, offsetInPiece: block * BLOCK_SIZE, length: BLOCK_SIZE },
  }));
}

Deno.test("Swarm chokes everybody while it is paused, and rejects what was not sent", () => {
  const desk = new SwarmDesk({ have: "##", blocksPerPiece: 100 });
  desk.join(1, FAST);
  desk.signal(1, "interested");
  for (let block = 0; block < AHEAD + 2; block++) desk.request(1, `0.${block}`);
  const lines = desk.apply({ type: "paused", unsent: unsent(62, 63) });
  assertEquals(lines[0], "1 < choke");
  assertEquals(
    lines.slice(1).sort(),
    [62, 63, 64, 65].map((block) => `1 < reject 0.${block}`),
  );
  assertEquals(desk.swarm.isPaused, true);
  assertEquals(desk.request(1, "0.62"), ["1 < reject 0.62"]);
  desk.join(2, FAST);
  assertEquals(desk.signal(2, "interested"), []);
  assertEquals(desk.pass(20_000), []);
  assertEquals(desk.apply({ type: "resumed", unsent: [] }), [
    "1 < unchoke",
    "2 < unchoke",
  ]);
  // The blocks that were taken back no longer count as being sent.
  assertEquals(desk.peer(1).upload.pendingBytes, 62 * BLOCK_SIZE);
  for (let block = 0; block < 62; block++) {
    desk.apply({ type: "blockSent", peer: 1, length: BLOCK_SIZE });
  }
  assertEquals(desk.request(1, "0.62"), [`1 serve 0.62 of ${BLOCK_SIZE}`]);
});

Deno.test("Swarm serves no allowed piece while it is paused", () => {
  const desk = new SwarmDesk({ have: "####.", allowedFast: [0] });
  for (let peer = 1; peer <= 65; peer++) {
    desk.join(peer, FAST);
    desk.signal(peer, "interested");
  }
  assertEquals(desk.request(65, "0.0"), [`65 serve 0.0 of ${BLOCK_SIZE}`]);
  desk.apply({ type: "paused", unsent: [] });
  assertEquals(desk.request(65, "0.1"), ["65 < reject 0.1"]);
});

Deno.test("Swarm requests nothing while it is paused, and takes what arrives", () => {
  const desk = new SwarmDesk({ have: "...", blocksPerPiece: 2 });
  const requests = desk.source(1, "###", FAST)
    .filter((line) => line.includes("request"));
  assertEquals(requests.length, 6);
  assertEquals(desk.apply({ type: "paused", unsent: [] }), []);
  const blocks = requests.map((line) => line.split(" ").at(-1)!);
  const [first, second, ...others] = blocks;
  desk.block(1, first!);
  const stored = desk.block(1, second!);
  assertEquals(stored.some((line) => line.startsWith("verify")), true);
  // The peer pauses too: it chokes, and rejects the rest.
  desk.signal(1, "choke");
  for (const block of others) desk.reject(1, block);
  assertEquals(desk.have(1, 0), []);
  // Far longer than a peer that owes blocks is waited for: it owes none.
  const lines = desk.pass(90_000).filter((line) => !line.includes("keepAlive"));
  assertEquals(lines, []);
  assertEquals(desk.signal(1, "unchoke"), []);
  const again = desk.apply({ type: "resumed", unsent: [] })
    .filter((line) => line.includes("request"));
  assertEquals(again.length, 4);
});
