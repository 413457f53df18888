import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { SwarmDesk } from "./swarm_desk.ts";

/**
 * One piece of two blocks, delivered by host 1 and host 2, and found corrupt.
 * The correct content is ones.
 */
function corruptPieceOfTwoHosts(
  fills: [first: number, second: number],
): SwarmDesk {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#");
  desk.source(2, "#");
  desk.block(1, "0.0", fills[0]);
  desk.block(2, "0.1", fills[1]);
  desk.corrupt(0);
  return desk;
}

/** The one peer that the piece is requested of again. */
function soleSource(desk: SwarmDesk): number {
  const asked = [...desk.swarm.peers.values()]
    .filter(({ source: { requests } }) =>
      requests.size > 0 && !requests.isSnubbed
    );
  assertEquals(asked.length, 1, "one peer alone is asked for it");
  assertEquals(asked[0]!.source.requests.size, 2);
  return asked[0]!.peer.key;
}

Deno.test("Swarm bans the host that sent all of a corrupt piece, and fetches it elsewhere", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#");
  desk.block(1, "0.0");
  desk.block(1, "0.1");
  assertEquals(desk.source(2, "#"), ["2 < interested"]);
  assertEquals(desk.corrupt(0), [
    "1 < request 0.0",
    "1 < request 0.1",
    "2 < request 0.0",
    "2 < request 0.1",
    "ban 192.0.2.1 for 0",
    "1 disconnect banned",
  ]);
  assertEquals(desk.swarm.traffic.wasted, 2 * BLOCK_SIZE);
  desk.block(2, "0.0");
  assertEquals(desk.block(2, "0.1"), ["verify 0"]);
  assert(desk.verified(0).includes("completed"));
});

Deno.test("Swarm closes all connections of a banned host and admits no new one", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#", { hostname: "192.0.2.7" });
  desk.join(2, { hostname: "192.0.2.7" });
  desk.block(1, "0.0");
  desk.block(1, "0.1");
  assertEquals(desk.corrupt(0).slice(-3), [
    "ban 192.0.2.7 for 0",
    "1 disconnect banned",
    "2 disconnect banned",
  ]);
  assertEquals(desk.join(3, { hostname: "192.0.2.7" }), [
    "3 disconnect banned",
  ]);
  assert(desk.isBanned("192.0.2.7"));
  assertEquals(desk.isBanned("192.0.2.1"), false);
});

Deno.test("Swarm bans a host once, though two of its pieces are corrupt", () => {
  const desk = new SwarmDesk({ have: "..", blocksPerPiece: 1 });
  desk.source(1, "##");
  desk.block(1, "0.0");
  desk.block(1, "1.0");
  const lines = [...desk.corrupt(0), ...desk.corrupt(1)];
  assertEquals(lines.filter((line) => line.startsWith("ban")).length, 1);
});

Deno.test("Swarm bans no host while there are several suspects, and requests the piece of one peer alone", () => {
  const desk = corruptPieceOfTwoHosts([1, 9]);
  assertEquals(desk.swarm.peers.size, 2);
  soleSource(desk);
});

for (const [fills, culprit] of [[[1, 9], 2], [[9, 1], 1]] as const) {
  Deno.test(`Swarm finds host ${culprit} once the piece is verified, whichever peer sent that`, () => {
    const desk = corruptPieceOfTwoHosts([...fills]);
    const source = soleSource(desk);
    if (source === culprit) {
      // It sends corrupt content again, all of it.
      desk.block(source, "0.0", 9);
      desk.block(source, "0.1", 9);
      const lines = desk.corrupt(0);
      assert(lines.includes(`ban 192.0.2.${culprit} for 0`));
    } else {
      desk.block(source, "0.0", 1);
      desk.block(source, "0.1", 1);
      const lines = desk.verified(0);
      assert(lines.includes(`ban 192.0.2.${culprit} for 0`));
      assert(lines.includes("completed"));
    }
    assertEquals(desk.isBanned(`192.0.2.${3 - culprit}`), false);
  });
}

Deno.test("Swarm bans a host that sent corrupt and then correct content", () => {
  const desk = corruptPieceOfTwoHosts([9, 1]);
  if (soleSource(desk) === 2) desk.leave(2);
  desk.pass(1000);
  assertEquals(soleSource(desk), 1);
  desk.block(1, "0.0", 1);
  desk.block(1, "0.1", 1);
  const lines = desk.verified(0);
  assert(lines.includes("ban 192.0.2.1 for 0"));
  assert(lines.includes("completed"));
});

Deno.test("Swarm requests a suspect piece of another peer when the first one leaves", () => {
  const desk = corruptPieceOfTwoHosts([1, 9]);
  const first = soleSource(desk);
  desk.block(first, "0.0", 1);
  desk.leave(first);
  assertEquals(soleSource(desk), 3 - first);
});

Deno.test("Swarm keeps the requests for a suspect piece when a late block of the corrupt copy arrives", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#");
  desk.pass(10_000);
  desk.source(2, "#");
  desk.block(2, "0.0");
  desk.pass(5000);
  assert(
    desk.peer(1).source.requests.isSnubbed,
    "it owes 0.1 and may still deliver it",
  );
  desk.source(3, "#");
  desk.block(3, "0.1");
  desk.corrupt(0);
  const source = soleSource(desk);
  desk.block(1, "0.1");
  assertEquals(soleSource(desk), source);
  desk.block(source, "0.0");
  assertEquals(desk.block(source, "0.1"), ["verify 0"]);
});
