import { assert, assertEquals, assertLess } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { OVERDUE_TIMEOUT_MS } from "../../../lib/swarm/slow_peers.ts";
import { SNUB_TIMEOUT_MS } from "../../../lib/swarm/slow_peers.ts";
import { SwarmDesk } from "./swarm_desk.ts";

/** A desk whose peer 1 owes piece 0, of four blocks, and sends nothing. */
function silentPeer(): SwarmDesk {
  const desk = new SwarmDesk({ have: "..", blocksPerPiece: 4 });
  desk.source(1, "#.");
  return desk;
}

Deno.test("Swarm snubs a peer that owes blocks for too long", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS - 1000);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  desk.pass(1000);
  assertEquals(desk.peer(1).source.requests.isSnubbed, true);
  assertEquals(desk.source(2, "#.").slice(1), [
    "2 < request 0.0",
    "2 < request 0.1",
    "2 < request 0.2",
    "2 < request 0.3",
  ]);
});

Deno.test("Swarm never snubs a peer that owes nothing", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1);
  desk.signal(1, "unchoke");
  desk.pass(4 * SNUB_TIMEOUT_MS);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
});

Deno.test("Swarm never snubs a peer that delivers now and then", () => {
  const desk = silentPeer();
  for (const name of ["0.0", "0.1", "0.2"]) {
    desk.pass(SNUB_TIMEOUT_MS - 1000);
    desk.block(1, name);
    assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  }
});

Deno.test("Swarm requests nothing more of a snubbed peer", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS);
  assertEquals(desk.have(1, 1), []);
  assertEquals(desk.pass(5000), []);
});

Deno.test("Swarm accepts a late block, and sends requests to that peer again", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS);
  desk.have(1, 1);
  assertEquals(desk.block(1, "0.0"), [
    "1 < request 1.0",
    "1 < request 1.1",
    "1 < request 1.2",
    "1 < request 1.3",
  ]);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  for (const name of ["0.1", "0.2"]) desk.block(1, name);
  assertEquals(desk.block(1, "0.3"), ["verify 0"]);
});

Deno.test("Swarm cancels a request at another peer when the snubbed one delivers after all", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS);
  desk.source(2, "#.");
  assertEquals(desk.block(1, "0.0"), ["2 < cancel 0.0"]);
});

Deno.test("Swarm cancels requests at the snubbed peer that others delivered meanwhile", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS);
  desk.source(2, "#.");
  desk.block(2, "0.0");
  desk.block(2, "0.1");
  assertEquals(desk.block(1, "0.2"), [
    "2 < cancel 0.2",
    "1 < cancel 0.0",
    "1 < cancel 0.1",
  ]);
});

Deno.test("Swarm counts a late block that another peer delivered as wasted", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS);
  desk.source(2, "#.");
  desk.block(2, "0.0");
  assertEquals(desk.swarm.traffic.wasted, 0);
  desk.block(1, "0.0");
  assertEquals(desk.swarm.traffic.wasted, BLOCK_SIZE);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
});

Deno.test("Swarm starts afresh with a snubbed peer that chokes and unchokes", () => {
  const desk = silentPeer();
  desk.pass(SNUB_TIMEOUT_MS);
  desk.signal(1, "choke");
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  assertEquals(desk.signal(1, "unchoke").length, 4);
  assert(desk.peer(1).source.requests.size === 4);
});

Deno.test("Swarm disconnects a peer that never delivers a block", () => {
  const desk = silentPeer();
  desk.pass(OVERDUE_TIMEOUT_MS - 1000);
  assertEquals(desk.pass(1000), [
    "1 disconnect overdue",
  ]);
});

Deno.test("Swarm times blocks again when the timed one was cancelled at a snubbed peer", () => {
  const desk = new SwarmDesk({ have: "...", blocksPerPiece: 4 });
  desk.source(1, "#..");
  desk.block(1, "0.0");
  desk.have(1, 1);
  desk.pass(SNUB_TIMEOUT_MS);
  desk.source(2, ".#.");
  desk.block(2, "1.0");
  desk.block(1, "0.1");
  desk.have(1, 2);
  const before = desk.peer(1).source.requests.window.size;
  desk.pass(5000);
  desk.block(1, "2.0");
  assertLess(desk.peer(1).source.requests.window.size, before);
});

Deno.test("Swarm requests the late blocks of others of an idle peer, once no piece is left to begin", () => {
  const desk = new SwarmDesk({ have: ".#", blocksPerPiece: 4 });
  // The first owes all of it, the others double two blocks each.
  for (const peer of [1, 2, 3]) desk.source(peer, "#.");
  assertEquals([1, 2, 3].map((peer) => desk.peer(peer).source.requests.size), [
    4,
    2,
    2,
  ]);
  desk.source(4, "#.");
  assertEquals(desk.peer(4).source.requests.size, 0);
  assertEquals(desk.pass(1000), []);
  assertEquals(desk.pass(1000), [
    "4 < request 0.0",
    "4 < request 0.1",
    "4 < request 0.2",
    "4 < request 0.3",
  ]);
  assert([1, 2, 3].every((peer) => desk.peer(peer).source.requests.isSnubbed));
});

Deno.test("Swarm doubles no requests at a slow peer", () => {
  const desk = new SwarmDesk({ have: "..", blocksPerPiece: 4 });
  desk.source(1, "#.");
  desk.pass(3_000);
  for (const name of ["0.0", "0.1", "0.2", "0.3"]) desk.block(1, name);
  desk.verified(0);
  desk.source(2, ".#");
  assertEquals(desk.have(1, 1), ["1 < interested"]);
  assertEquals(desk.source(3, ".#").slice(2), [
    "3 < request 1.0",
    "3 < request 1.1",
  ]);
});

Deno.test("Swarm snubs no slow peer while there is no quicker one", () => {
  const desk = silentPeer();
  desk.source(2, "#.");
  desk.pass(SNUB_TIMEOUT_MS - 1000);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  assertEquals(desk.peer(2).source.requests.isSnubbed, false);
});

Deno.test("Swarm that was suspended snubs no peer for it", () => {
  const desk = silentPeer();
  desk.pass(5_000);
  // No event for a day, not even a tick.
  desk.now += 86_400_000;
  assertEquals(desk.pass(1000).length, 1);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  // From then on it counts as before.
  desk.pass(SNUB_TIMEOUT_MS - 7_000);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
  desk.pass(2_000);
  assertEquals(desk.peer(1).source.requests.isSnubbed, true);
});

/**
 * Six pieces so large that four fill the memory for pieces in progress. Peers 1 to 4
 * each claim one that nobody else has and send `blockCount` blocks of it, a block
 * every `everyMs`; peer 9 has the other two and sends what is requested.
 */
function unhelpfulClaims(
  { blockCount, everyMs }: { blockCount: number; everyMs: number },
): SwarmDesk {
  const desk = new SwarmDesk({ have: "......", blocksPerPiece: 512 });
  for (const claim of [".#....", "..#...", "...#..", "....#."]) {
    desk.source(claim.indexOf("#"), claim);
  }
  let lines = desk.source(9, "#....#");
  for (let second = 0; second < 20; second++) {
    // Grows by what follows from a line.
    for (const line of lines) {
      const [, peer, name] = /^(\d) < request (.+)/.exec(line) ?? [];
      if (peer === "9") lines.push(...desk.block(9, name!));
      const [, piece] = /^verify (\d)/.exec(line) ?? [];
      if (piece !== undefined) lines.push(...desk.verified(Number(piece)));
    }
    const block = Math.floor(second * 1000 / everyMs);
    for (let liar = 1; liar <= 4 && block < blockCount; liar++) {
      if (desk.swarm.peers.has(liar)) {
        lines.push(...desk.block(liar, `${liar}.${block}`));
      }
    }
    lines = desk.pass(1000);
  }
  return desk;
}

Deno.test("Swarm gives the memory of pieces that only unhelpful peers claim to others", () => {
  for (
    const claims of [
      { blockCount: 0, everyMs: 1000 },
      { blockCount: 3, everyMs: 1000 },
    ]
  ) {
    const { swarm } = unhelpfulClaims(claims);
    assertEquals([...swarm.have.indexes()], [0, 5]);
  }
});

Deno.test("Swarm gives the memory of pieces that slow peers alone have to a quick one", () => {
  const { swarm } = unhelpfulClaims({ blockCount: 512, everyMs: 1000 });
  assertEquals([...swarm.have.indexes()], [0, 5]);
});
