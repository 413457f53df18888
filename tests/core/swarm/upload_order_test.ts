import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { SwarmDesk } from "./swarm_desk.ts";

/** A seeder of three pieces of two blocks, and peers 1 to `count` that it serves. */
function serving(count: number): SwarmDesk {
  const desk = new SwarmDesk({ have: "###" });
  for (let peer = 1; peer <= count; peer++) {
    desk.join(peer);
    desk.signal(peer, "interested");
  }
  return desk;
}

/** The blocks that are handed out when each of the peers requests some. */
function requestAll(desk: SwarmDesk, count: number, names: string[]): string[] {
  const lines: string[] = [];
  for (let peer = 1; peer <= count; peer++) {
    for (const name of names) lines.push(...served(desk.request(peer, name)));
  }
  return lines;
}

function sent(desk: SwarmDesk, peer: number): string[] {
  const length = BLOCK_SIZE;
  return served(desk.apply({ type: "blockSent", peer, length }));
}

/** `"1 0.2"` for each `"1 serve 0.2 of 16384"`. */
function served(lines: readonly string[]): string[] {
  return lines.filter((line) => line.includes(" serve "))
    .map((line) => line.replace(" serve", "").replace(/ of .*/, ""));
}

Deno.test("Swarm serves four of five peers first, a whole piece each", () => {
  const desk = serving(5);
  assertEquals(
    requestAll(desk, 5, ["0.0", "0.1"]),
    ["1 0.0", "1 0.1", "2 0.0", "2 0.1", "3 0.0", "3 0.1", "4 0.0", "4 0.1"],
  );
  assertEquals(sent(desk, 2), []);
  assertEquals(sent(desk, 2), ["5 0.0", "5 0.1"]);
});

Deno.test("Swarm serves the next piece of a peer after those of peers that wait", () => {
  const desk = serving(5);
  requestAll(desk, 5, ["0.0"]);
  assertEquals(served(desk.request(1, "0.1")), ["1 0.1"], "the same piece");
  assertEquals(desk.request(1, "1.0"), [], "another piece");
  assertEquals(sent(desk, 1), []);
  assertEquals(sent(desk, 1), ["5 0.0"]);
  assertEquals(sent(desk, 2), ["1 1.0"]);
});

Deno.test("Swarm serves several pieces of each of four peers, as none waits", () => {
  assertEquals(requestAll(serving(4), 4, ["0.0", "1.0"]).length, 8);
});

Deno.test("Swarm serves further peers while four read slowly", () => {
  const desk = serving(6);
  requestAll(desk, 6, ["0.0"]);
  desk.now += 49;
  assertEquals(served(desk.request(6, "0.1")), []);
  desk.now += 1;
  const lines = served(desk.request(6, "1.0"));
  assertEquals(lines, ["5 0.0", "6 0.0", "6 0.1", "6 1.0"]);
});

Deno.test("Swarm serves a peer that waits at the next tick, if nothing else happens", () => {
  const desk = serving(5);
  requestAll(desk, 5, ["0.0"]);
  assertEquals(served(desk.pass(1000)), ["5 0.0"]);
});

Deno.test("Swarm serves a peer that waits when one that is served leaves", () => {
  const desk = serving(6);
  requestAll(desk, 6, ["0.0"]);
  desk.request(5, "0.0", "cancel");
  const lines = desk.apply({ type: "peerLeft", peer: 3 });
  assertEquals(served(lines), ["6 0.0"], "peer 5 wants nothing any more");
});
