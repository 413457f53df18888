import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { ServedCount } from "../../../lib/swarm/upload_order.ts";
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

Deno.test("Swarm waits longer for four peers if its own link is slow", () => {
  const desk = serving(6);
  for (let turn = 0; turn < 4; turn++) {
    desk.request(6, "0.0");
    desk.now += 100;
    sent(desk, 6);
  }
  requestAll(desk, 5, ["0.0"]);
  desk.now += 1200;
  assertEquals(served(desk.request(6, "1.0")), [], "16 KiB take 100 ms");
  desk.now += 500;
  assertEquals(served(desk.request(6, "1.1")), ["5 0.0", "6 1.0", "6 1.1"]);
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

Deno.test("Swarm serves the peer that has least, and the one that waits longest, in turn", () => {
  const desk = serving(0);
  for (
    const [at, picture] of ["...", "...", "...", "...", "#..", "##.", "..."]
      .entries()
  ) {
    desk.join(at + 1);
    if (picture !== "...") desk.bitfield(at + 1, picture);
    desk.signal(at + 1, "interested");
  }
  requestAll(desk, 7, ["2.0"]);
  assertEquals(sent(desk, 1), ["7 2.0"], "has nothing");
  assertEquals(sent(desk, 2), ["5 2.0"], "waits longest");
  assertEquals(sent(desk, 3), ["6 2.0"]);
});

Deno.test("Swarm counts what it sent to a peer that says that it has nothing", () => {
  const desk = serving(6);
  desk.join(7);
  desk.bitfield(7, "##.");
  desk.signal(7, "interested");
  desk.have(5, 0);
  requestAll(desk, 1, ["0.0", "0.1", "1.0", "1.1"]);
  for (let block = 0; block < 4; block++) sent(desk, 1);
  for (const peer of [2, 3, 4, 6]) desk.request(peer, "2.0");
  for (const peer of [7, 1, 5]) desk.request(peer, "2.0");
  const next = [...sent(desk, 2), ...sent(desk, 3)];
  assertEquals(next.toSorted(), ["5 2.0", "7 2.0"], "least, and longest");
  assertEquals(sent(desk, 4), ["1 2.0"]);
});

/** The numbers of served peers, once a second, if each takes `peerRate` of a link of 100. */
function servedCounts(peerRate: number, seconds: number): number[] {
  const count = new ServedCount();
  const counts: number[] = [];
  for (let now = 10; now <= 1000 * seconds; now += 10) {
    const length = Math.min(100, count.value * peerRate);
    count.sent(length, { now, isLimited: true });
    if (now % 1000 === 500) counts.push(count.value);
  }
  return counts;
}

Deno.test("ServedCount stays at four while they keep our own link busy", () => {
  assertEquals(servedCounts(25, 12), Array(12).fill(4));
});

Deno.test("ServedCount grows while the links of peers are the limit", () => {
  const counts = servedCounts(2, 12);
  assertEquals(counts[0], 4);
  assertEquals(counts.at(-1), 64);
});

Deno.test("ServedCount shrinks again when fewer peers keep our own link busy", () => {
  const count = new ServedCount();
  let now = 0;
  const run = (peerRate: number): number => {
    for (const endMs = now + 20_000; now < endMs; now += 10) {
      const length = Math.min(100, count.value * peerRate);
      count.sent(length, { now, isLimited: true });
    }
    return count.value;
  };
  assertEquals(run(2) > 16, true);
  assertEquals(run(50) <= 8, true);
});
