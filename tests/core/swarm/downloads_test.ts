import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { idOf, SwarmDesk } from "./swarm_desk.ts";

Deno.test("Swarm is interested in a peer that has a piece that we lack, and says so once", () => {
  const desk = new SwarmDesk({ have: "#..." });
  desk.join(1);
  assertEquals(desk.bitfield(1, "#..."), []);
  assertEquals(desk.have(1, 2), ["1 < interested"]);
  assertEquals(desk.have(1, 2), []);
  assertEquals(desk.have(1, 3), []);
});

Deno.test("Swarm is interested after the bitfield and sends requests once unchoked", () => {
  const desk = new SwarmDesk({ have: ".." });
  desk.join(1);
  assertEquals(desk.bitfield(1, "#."), ["1 < interested"]);
  assertEquals(desk.signal(1, "unchoke"), [
    "1 < request 0.0",
    "1 < request 0.1",
  ]);
});

Deno.test("Swarm requests a piece at once of an unchoked peer that announces it", () => {
  const desk = new SwarmDesk({ have: ".." });
  desk.join(1);
  desk.signal(1, "unchoke");
  assertEquals(desk.have(1, 1), [
    "1 < interested",
    "1 < request 1.0",
    "1 < request 1.1",
  ]);
});

Deno.test("Swarm requests nothing while it is choked", () => {
  const desk = new SwarmDesk({ have: ".." });
  desk.source(1, "##");
  assertEquals(desk.signal(1, "choke"), []);
  assertEquals(desk.pass(5000), []);
  assertEquals(desk.peer(1).source.requests.size, 0);
  assertEquals(desk.signal(1, "unchoke").length, 4);
});

Deno.test("Swarm drops a block that crossed with a choke", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#");
  desk.signal(1, "choke");
  assertEquals(desk.block(1, "0.0"), []);
  assertEquals(desk.swarm.traffic.wasted, BLOCK_SIZE);
});

Deno.test("Swarm has a complete piece verified, then announces it to every peer", () => {
  const desk = new SwarmDesk({ have: "..", seed: 2 });
  desk.source(1, "#.");
  desk.join(2);
  assertEquals(desk.block(1, "0.1"), []);
  assertEquals(desk.block(1, "0.0"), ["verify 0"]);
  assertEquals(desk.swarm.have.count, 0);
  assertEquals(desk.verified(0), [
    "1 < have 0",
    "1 < notInterested",
    "2 < have 0",
  ]);
  assert(desk.swarm.have.has(0));
  assertEquals(desk.swarm.traffic, {
    downloaded: 2 * BLOCK_SIZE,
    wasted: 0,
    uploaded: 0,
  });
});

Deno.test("Swarm has exactly the received bytes verified", () => {
  const desk = new SwarmDesk({ have: ".", missingBytes: 5 });
  desk.source(1, "#");
  desk.block(1, "0.0", 7);
  const actions = desk.swarm.apply({
    type: "messageReceived",
    peer: 1,
    message: {
      type: "piece",
      index: 0,
      offsetInPiece: BLOCK_SIZE,
      block: new Uint8Array(BLOCK_SIZE - 5).fill(8),
    },
  }, desk.now);
  const [verify] = actions;
  assert(verify?.type === "verifyPiece");
  assertEquals(verify.bytes.length, 2 * BLOCK_SIZE - 5);
  assert(verify.bytes.subarray(0, BLOCK_SIZE).every((byte) => byte === 7));
  assert(verify.bytes.subarray(BLOCK_SIZE).every((byte) => byte === 8));
});

Deno.test("Swarm completes once, and disconnects seeds", () => {
  const desk = new SwarmDesk({ have: "#.", blocksPerPiece: 1 });
  desk.source(1, "##");
  desk.join(2);
  desk.block(1, "1.0");
  assertEquals(desk.verified(1), [
    "1 < have 1",
    "1 < notInterested",
    "2 < have 1",
    "completed",
    "1 disconnect bothComplete",
  ]);
  assertEquals(desk.verified(1), []);
  assertEquals(desk.bitfield(2, "#."), []);
  assertEquals(desk.have(2, 1), ["2 disconnect bothComplete"]);
  desk.join(3);
  assertEquals(desk.bitfield(3, "##"), ["3 disconnect bothComplete"]);
});

Deno.test("Swarm that has every piece from the start never completes", () => {
  const desk = new SwarmDesk({ have: "##" });
  desk.join(1);
  assertEquals(desk.verified(0), []);
  assertEquals(desk.pass(2000).includes("completed"), false);
});

Deno.test("Swarm keeps a small request window full, and refills a large one in lots", () => {
  const desk = new SwarmDesk({ have: ".".repeat(200), blocksPerPiece: 16 });
  desk.source(1, "#".repeat(200));
  const { requests } = desk.peer(1).source;
  assertEquals(requests.size, requests.window.size);
  let lotCount = 0;
  for (let step = 0; step < 60; step++) {
    const [id] = requests;
    const { index, block } = desk.geometry.blockOfId(id!);
    const before = requests.size;
    desk.block(1, `${index}.${block}`);
    const { size } = requests.window;
    if (size < 16 || requests.size >= before) {
      assertEquals(requests.size, size);
      if (size >= 16) lotCount++;
    } else assert(requests.size > 0.7 * size);
  }
  assert(lotCount > 1 && lotCount < 10, `${lotCount} lots`);
  assertEquals(desk.swarm.traffic.wasted, 0);
});

Deno.test("Swarm requests the blocks of a peer that leaves or chokes of others", () => {
  for (const end of ["leave", "choke"] as const) {
    const desk = new SwarmDesk({ have: "." });
    desk.source(1, "#");
    desk.source(2, "#");
    desk.pass(1000);
    if (end === "leave") desk.leave(1);
    else desk.signal(1, "choke");
    desk.pass(1000);
    assertEquals([...desk.peer(2).source.requests].sort(), [0, 1]);
  }
});

Deno.test("Swarm counts only connected peers when it chooses the rarest piece", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const desk = new SwarmDesk({ have: "..", blocksPerPiece: 1, seed });
    for (const key of [2, 3, 4]) {
      desk.join(key);
      desk.bitfield(key, "#.");
    }
    for (const key of [2, 3, 4]) desk.leave(key);
    desk.join(5);
    desk.bitfield(5, ".#");
    // Availability among connected peers: 1 2.
    assertEquals(desk.source(1, "##").slice(1), [
      "1 < request 0.0",
      "1 < request 1.0",
    ]);
  }
});

Deno.test("Swarm doubles the last requests and cancels the slower ones", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#");
  const lines = desk.source(2, "#");
  assertEquals(lines.slice(-2), ["2 < request 0.0", "2 < request 0.1"]);
  assertEquals(desk.block(2, "0.0"), ["1 < cancel 0.0"]);
  assertEquals(desk.block(1, "0.1"), ["2 < cancel 0.1", "verify 0"]);
  assertEquals(desk.block(2, "0.1"), []);
  assertEquals(desk.swarm.traffic.wasted, BLOCK_SIZE);
});

Deno.test("Swarm finishes a corrupt piece whose last block was doubled", () => {
  const desk = new SwarmDesk({ have: ".", blocksPerPiece: 1 });
  desk.source(1, "#");
  desk.source(2, "#");
  assertEquals(desk.block(1, "0.0"), ["2 < cancel 0.0", "verify 0"]);
  desk.corrupt(0);
  assertEquals([...desk.swarm.peers.keys()], [2]);
  desk.signal(2, "choke");
  assertEquals(desk.signal(2, "unchoke"), ["2 < request 0.0"]);
  assertEquals(desk.block(2, "0.0"), ["verify 0"]);
});

Deno.test("Swarm counts what each peer has sent, on former connections too", () => {
  const desk = new SwarmDesk({ have: ".." });
  const from = (start: string): number => desk.swarm.receivedFrom(idOf(start));
  const one = { id: "aa" };
  desk.source(1, "##", one);
  desk.block(1, "0.0");
  assertEquals([from("aa"), from("bb")], [BLOCK_SIZE, 0]);
  desk.leave(1);
  desk.source(2, "##", one);
  const [next] = ["0.1", "1.0", "1.1"];
  desk.block(2, next!);
  assertEquals(from("aa"), 2 * BLOCK_SIZE);
});
