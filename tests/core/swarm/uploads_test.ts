import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { UPLOAD_SLOTS, UPLOAD_TURN_MS } from "../../../lib/swarm/uploads.ts";
import { SwarmDesk } from "./swarm_desk.ts";

const MIB = 1024 * 1024;

/** A seeder of one piece of 100 blocks, and peer 1 that it serves. */
function serving(): SwarmDesk {
  const desk = new SwarmDesk({ have: "#", blocksPerPiece: 100 });
  desk.join(1);
  desk.signal(1, "interested");
  return desk;
}

Deno.test("Swarm unchokes an interested peer at once, while there are slots", () => {
  const desk = new SwarmDesk({ have: "#" });
  desk.join(1);
  assertEquals(desk.signal(1, "interested"), ["1 < unchoke"]);
  assertEquals(desk.signal(1, "interested"), []);
  assertEquals(desk.signal(1, "notInterested"), []);
});

Deno.test("Swarm serves requests in order", () => {
  const desk = serving();
  const lines = ["0.3", "0.1", "0.1"].flatMap((name) => desk.request(1, name));
  assertEquals(lines, [
    `1 serve 0.3 of ${BLOCK_SIZE}`,
    `1 serve 0.1 of ${BLOCK_SIZE}`,
    `1 serve 0.1 of ${BLOCK_SIZE}`,
  ]);
});

Deno.test("Swarm hands out a limited number of blocks, and the next when one is sent", () => {
  const desk = serving();
  const handedOut = Array.from({ length: 80 }, (_, block) => `0.${block}`)
    .flatMap((name) => desk.request(1, name)).length;
  assertEquals(handedOut, MIB / BLOCK_SIZE);
  assertEquals(
    desk.apply({ type: "blockSent", peer: 1, length: BLOCK_SIZE }),
    [`1 serve 0.64 of ${BLOCK_SIZE}`],
  );
  assertEquals(desk.swarm.traffic.uploaded, BLOCK_SIZE);
});

Deno.test("Swarm drops a cancelled request that is queued, and only that one", () => {
  const desk = serving();
  for (let block = 0; block < 67; block++) desk.request(1, `0.${block}`);
  assertEquals(desk.request(1, "0.65", "cancel"), []);
  assertEquals(desk.request(1, "0.0", "cancel"), [], "that one is being sent");
  const sent = { type: "blockSent", peer: 1, length: BLOCK_SIZE } as const;
  assertEquals(desk.apply(sent), [`1 serve 0.64 of ${BLOCK_SIZE}`]);
  assertEquals(desk.apply(sent), [`1 serve 0.66 of ${BLOCK_SIZE}`]);
  assertEquals(desk.apply(sent), []);
});

Deno.test("Swarm serves only pieces that it has verified", () => {
  const desk = new SwarmDesk({ have: ".." });
  desk.source(1, "##");
  desk.join(2);
  desk.signal(2, "interested");
  for (const name of ["0.0", "0.1"]) desk.block(1, name);
  assertEquals(desk.request(2, "0.0"), []);
  desk.verified(0);
  assertEquals(desk.request(2, "0.0").length, 1);
});

Deno.test("Swarm gives slots in turns when there are too few, and drops the queue of a choked peer", () => {
  const desk = new SwarmDesk({ have: "#", blocksPerPiece: 100 });
  for (let key = 1; key <= UPLOAD_SLOTS + 1; key++) {
    desk.join(key);
    desk.signal(key, "interested");
    desk.now += 1;
  }
  const last = UPLOAD_SLOTS + 1;
  assertEquals(desk.peer(last).upload.weChoke, true);
  for (let block = 0; block < 80; block++) desk.request(1, `0.${block}`);
  assert(desk.peer(1).upload.queue.length > 0);
  const lines = desk.pass(2 * UPLOAD_TURN_MS);
  assert(lines.includes(`${last} < unchoke`));
  assert(lines.includes("1 < choke"));
  assertEquals(desk.peer(1).upload.queue.length, 0);
  const unchoked = [...desk.swarm.peers.values()]
    .filter(({ upload }) => !upload.weChoke);
  assertEquals(unchoked.length, UPLOAD_SLOTS);
});

Deno.test("Swarm gives the slot of a peer that leaves to one that waits", () => {
  const desk = new SwarmDesk({ have: "#" });
  for (let key = 1; key <= UPLOAD_SLOTS + 1; key++) {
    desk.join(key);
    desk.signal(key, "interested");
  }
  desk.leave(5);
  assertEquals(desk.pass(1000), [`${UPLOAD_SLOTS + 1} < unchoke`]);
});

Deno.test("Swarm reconsiders turns once a tick, however often a peer changes its mind", () => {
  const desk = new SwarmDesk({ have: "#" });
  for (let key = 1; key <= UPLOAD_SLOTS + 1; key++) {
    desk.join(key);
    desk.signal(key, "interested");
  }
  const lines: string[] = [];
  for (let change = 0; change < 100; change++) {
    lines.push(...desk.signal(1, "notInterested"));
    lines.push(...desk.signal(1, "interested"));
  }
  assertEquals(lines, []);
  const turns = desk.pass(1000);
  assertEquals(turns.filter((line) => line.endsWith("< choke")), []);
});
