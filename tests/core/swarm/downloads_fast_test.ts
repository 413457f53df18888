/**
 * The fast extension on the downloading side. [BEP 6]
 */
import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { SNUB_TIMEOUT_MS } from "../../../lib/swarm/slow_peers.ts";
import { FAST, SwarmDesk } from "./swarm_desk.ts";

/** A leecher of one piece of 16 blocks, and peer 1 that serves it. */
function downloading(options: { fast: boolean; have?: string }): SwarmDesk {
  const desk = new SwarmDesk({ have: options.have ?? ".", blocksPerPiece: 16 });
  desk.join(1, options.fast ? FAST : {});
  desk.bitfield(1, "#".repeat(options.have?.length ?? 1));
  desk.signal(1, "unchoke");
  return desk;
}

/** The requests among lines, by their blocks. */
function requests(lines: readonly string[], peer = 1): string[] {
  const start = `${peer} < request `;
  return lines.filter((line) => line.startsWith(start))
    .map((line) => line.slice(start.length));
}

Deno.test("Swarm sends have all, have none or a bitfield to a peer with the fast extension", () => {
  const first = ["...", "#.#"].map((have) =>
    new SwarmDesk({ have }).join(1, FAST)
  );
  assertEquals(first, [["1 < haveNone"], ["1 < bitfield 160"]]);
  const seeder = new SwarmDesk({ have: "##" });
  // Two peers each have every piece between them.
  for (
    const [key, pieces] of [[2, "#."], [3, ".#"], [4, "#."], [5, ".#"]] as const
  ) {
    seeder.join(key);
    seeder.bitfield(key, pieces);
  }
  assertEquals(seeder.join(1, FAST), ["1 < haveAll"]);
});

Deno.test("Swarm takes have all without end in no time", () => {
  const desk = new SwarmDesk({ have: ".".repeat(10_000) });
  desk.join(1, FAST);
  assertEquals(desk.signal(1, "haveAll"), ["1 < interested"]);
  const startMs = performance.now();
  for (let count = 0; count < 20_000; count++) desk.signal(1, "haveAll");
  // Half a minute with a scan of all pieces for each.
  assert(performance.now() - startMs < 5_000);
});

Deno.test("Swarm reads have all as a full bitfield and have none as an empty one", () => {
  const desk = new SwarmDesk({ have: "#.." });
  desk.join(1, FAST);
  assertEquals(desk.signal(1, "haveAll"), ["1 < interested"]);
  assertEquals(desk.peer(1).peer.isSeeder, true);
  desk.join(2, FAST);
  assertEquals(desk.signal(2, "haveNone"), []);
  assertEquals(desk.peer(2).source.pieces.count, 0);
});

Deno.test("Swarm that is complete disconnects a peer that has all", () => {
  const desk = new SwarmDesk({ have: "##" });
  desk.join(1, FAST);
  assertEquals(desk.signal(1, "haveAll"), ["1 disconnect bothComplete"]);
});

Deno.test("Swarm disconnects a peer that sends have none after a have", () => {
  const desk = new SwarmDesk({ have: "..." });
  desk.join(1, FAST);
  desk.have(1, 1);
  assertEquals(desk.signal(1, "haveNone"), ["1 disconnect protocol"]);
});

Deno.test("Swarm disconnects a peer that uses the fast extension without offering it", () => {
  const range = { index: 0, offsetInPiece: 0, length: BLOCK_SIZE };
  const messages = [
    { type: "haveAll" },
    { type: "haveNone" },
    { type: "reject", ...range },
    { type: "allowedFast", index: 0 },
    { type: "suggest", index: 0 },
  ] as const;
  for (const message of messages) {
    const desk = new SwarmDesk({ have: "." });
    desk.join(1);
    const lines = desk.receive(1, message);
    assertEquals(lines, ["1 disconnect protocol"], message.type);
  }
});

Deno.test("Swarm disconnects a peer that allows or suggests a piece that does not exist", () => {
  for (const type of ["allowedFast", "suggest"] as const) {
    const desk = new SwarmDesk({ have: ".." });
    desk.join(1, FAST);
    assertEquals(desk.receive(1, { type, index: 1 }), []);
    const lines = desk.receive(1, { type, index: 2 });
    assertEquals(lines, ["1 disconnect protocol"], type);
  }
});

Deno.test("Swarm keeps outstanding requests through a choke with the fast extension, and not without", () => {
  for (const [fast, kept] of [[true, 8], [false, 0]] as const) {
    const desk = downloading({ fast });
    assertEquals(desk.peer(1).source.requests.size, 8);
    assertEquals(desk.signal(1, "choke"), []);
    assertEquals(desk.peer(1).source.requests.size, kept);
    // A block in flight is useful, or wasted.
    desk.block(1, "0.0");
    assertEquals(desk.swarm.traffic.wasted, fast ? 0 : BLOCK_SIZE);
  }
});

Deno.test("Swarm requests nothing of others that a choking peer has not rejected yet", () => {
  const desk = downloading({ fast: true });
  desk.signal(1, "choke");
  const lines = desk.source(2, "#", FAST);
  assertEquals(
    requests(lines, 2),
    Array.from({ length: 8 }, (_, block) => `0.${8 + block}`),
  );
});

Deno.test("Swarm requests a rejected block of another peer at once", () => {
  const desk = downloading({ fast: true });
  desk.source(2, "#", FAST); // owes the other eight
  desk.block(2, "0.8");
  desk.signal(1, "choke");
  assertEquals(desk.reject(1, "0.3"), ["2 < request 0.3"]);
  assertEquals(desk.peer(1).source.requests.has(3), false);
});

Deno.test("Swarm requests rejected blocks again after an unchoke, and no outstanding ones", () => {
  const desk = downloading({ fast: true });
  desk.signal(1, "choke");
  desk.reject(1, "0.0");
  desk.reject(1, "0.1");
  assertEquals(requests(desk.signal(1, "unchoke")), ["0.0", "0.1"]);
});

Deno.test("Swarm lets a peer that rejects requests rest, longer each time", () => {
  const desk = downloading({ fast: true });
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    for (let block = 0; block < 8; block++) {
      assertEquals(desk.reject(1, `0.${block}`), []);
    }
    assertEquals(requests(desk.pass((seconds - 1) * 1000)), []);
    assertEquals(requests(desk.pass(1000)).length, 8);
  }
  // A block ends the series.
  desk.block(1, "0.0");
  for (let block = 1; block < 8; block++) desk.reject(1, `0.${block}`);
  assertEquals(requests(desk.pass(1000)).length > 0, true);
});

Deno.test("Swarm lets another peer finish the piece of a peer that rejects requests", () => {
  const desk = downloading({ fast: true });
  for (let block = 0; block < 8; block++) desk.reject(1, `0.${block}`);
  assertEquals(requests(desk.source(2, "#"), 2)[0], "0.0");
});

Deno.test("Swarm ignores a reject of a request that is not outstanding", () => {
  const desk = downloading({ fast: true });
  assertEquals(desk.reject(1, "0.15"), []);
  assertEquals(desk.peer(1).source.requests.size, 8);
});

Deno.test("Swarm disconnects a peer that rejects a block of another length", () => {
  const desk = downloading({ fast: true });
  const lines = desk.receive(1, {
    type: "reject",
    index: 0,
    offsetInPiece: 0,
    length: 5,
  });
  assertEquals(lines, ["1 disconnect protocol"]);
});

Deno.test("Swarm disconnects a peer with the fast extension for an unrequested block, and ignores one of another peer", () => {
  for (const fast of [true, false]) {
    const desk = downloading({ fast });
    const lines = desk.block(1, "0.15");
    assertEquals(lines, fast ? ["1 disconnect protocol"] : []);
    assertEquals(desk.swarm.traffic.wasted, BLOCK_SIZE);
  }
});

Deno.test("Swarm accepts one answer to a cancelled request, block or reject", () => {
  for (const answer of ["block", "reject"] as const) {
    const desk = new SwarmDesk({ have: ".", blocksPerPiece: 2 });
    desk.source(1, "#", FAST);
    desk.source(2, "#", FAST); // both blocks doubled, at the end
    assertEquals(desk.peer(2).source.requests.size, 2);
    assertEquals(desk.block(1, "0.0"), ["2 < cancel 0.0"]);
    assertEquals(desk[answer](2, "0.0"), [], answer);
    assertEquals(desk.block(2, "0.0"), ["2 disconnect protocol"]);
  }
});

Deno.test("Swarm requests only allowed pieces while choked, if the peer has them", () => {
  const desk = new SwarmDesk({ have: "....", blocksPerPiece: 2 });
  desk.join(1, FAST);
  for (const index of [1, 3]) desk.receive(1, { type: "allowedFast", index });
  assertEquals(requests(desk.have(1, 0)), []);
  assertEquals(requests(desk.have(1, 1)), ["1.0", "1.1"]);
  desk.have(1, 2);
  assertEquals(desk.peer(1).source.requests.size, 2);
  desk.block(1, "1.0");
  assertEquals(desk.block(1, "1.1"), ["verify 1"]);
  // A piece may be allowed after it is announced, too.
  assertEquals(
    requests(desk.receive(1, { type: "allowedFast", index: 2 })),
    ["2.0", "2.1"],
  );
});

Deno.test("Swarm requests no allowed piece again that the choking peer rejects", () => {
  const desk = new SwarmDesk({ have: "..", blocksPerPiece: 2 });
  desk.join(1, FAST);
  desk.receive(1, { type: "allowedFast", index: 0 });
  desk.signal(1, "haveAll");
  assertEquals(desk.reject(1, "0.0"), []);
  assertEquals(desk.reject(1, "0.1"), []);
  assertEquals(desk.pass(60_000), []);
  assertEquals(requests(desk.signal(1, "unchoke")).length, 4);
});

Deno.test("Swarm requests no block of a piece that a choking peer allowed and then rejected", () => {
  const desk = new SwarmDesk({ have: "...", blocksPerPiece: 4 });
  desk.join(1, FAST);
  for (const index of [0, 1]) {
    desk.receive(1, { type: "allowedFast", index });
    assertEquals(requests(desk.have(1, index)).length, 4);
  }
  // The peer works on piece 1, and still allows piece 0.
  assertEquals(desk.reject(1, "1.0"), []);
  for (const block of ["0.0", "0.1", "0.2", "1.1"]) {
    assertEquals(desk.block(1, block), []);
  }
  assertEquals(desk.block(1, "0.3"), ["verify 0"]);
  // An allowed piece waits until the last of the others is answered.
  desk.receive(1, { type: "allowedFast", index: 2 });
  assertEquals(requests(desk.have(1, 2)), []);
  desk.block(1, "1.2");
  assertEquals(
    requests(desk.block(1, "1.3")),
    ["2.0", "2.1", "2.2", "2.3"],
  );
  // Another peer finishes the piece.
  assertEquals(requests(desk.source(2, ".#."), 2), ["1.0"]);
});

Deno.test("Swarm requests allowed pieces again once it has cancelled all that a choking peer still owed", () => {
  const desk = new SwarmDesk({ have: ".", blocksPerPiece: 2 });
  desk.source(1, "#", FAST);
  desk.source(2, "#");
  desk.signal(1, "choke");
  assertEquals(desk.block(2, "0.0"), ["1 < cancel 0.0"]);
  assertEquals(desk.block(2, "0.1"), ["1 < cancel 0.1", "verify 0"]);
  desk.corrupt(0);
  assertEquals(
    requests(desk.receive(1, { type: "allowedFast", index: 0 })),
    ["0.0", "0.1"],
  );
});

Deno.test("Swarm limits the number of pieces that one peer may allow", () => {
  const desk = new SwarmDesk({ have: ".".repeat(200) });
  desk.join(1, FAST);
  for (let index = 0; index < 200; index++) {
    desk.receive(1, { type: "allowedFast", index });
  }
  assertEquals(desk.peer(1).source.allowedFast.size, 64);
});

Deno.test("Swarm finishes a suspect piece elsewhere when its only peer chokes and rejects", () => {
  const desk = new SwarmDesk({ have: ".", blocksPerPiece: 2 });
  desk.source(1, "#", FAST);
  desk.source(2, "#", FAST);
  desk.block(1, "0.0", 1);
  desk.block(2, "0.1", 1);
  // The answers to the two cancels.
  desk.reject(2, "0.0");
  desk.reject(1, "0.1");
  // One peer alone must deliver it now.
  assertEquals(requests(desk.corrupt(0)), ["0.0", "0.1"]);
  assertEquals(desk.peer(2).source.requests.size, 0);
  desk.signal(1, "choke");
  assertEquals(desk.reject(1, "0.0"), []);
  assertEquals(requests(desk.reject(1, "0.1"), 2), ["0.0", "0.1"]);
});

Deno.test("Swarm snubs a choking peer that neither serves nor rejects, until it rejects", () => {
  const desk = downloading({ fast: true });
  desk.signal(1, "choke");
  desk.source(2, "#", FAST);
  desk.pass(SNUB_TIMEOUT_MS);
  assertEquals(desk.peer(1).source.requests.isSnubbed, true);
  for (let block = 0; block < 8; block++) desk.reject(1, `0.${block}`);
  assertEquals(desk.peer(1).source.requests.isSnubbed, false);
});
