/**
 * The fast extension from the side of who is asked. [BEP 6]
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { UPLOAD_SLOTS, UPLOAD_TURN_MS } from "../../../lib/swarm/uploads.ts";
import { MAX_QUEUED_REQUESTS } from "../../../lib/swarm/uploads.ts";
import { FAST, SwarmDesk } from "./swarm_desk.ts";

/** Who comes when all slots are taken. */
const LATE = UPLOAD_SLOTS + 1;

/** A seeder of four pieces of 100 blocks, and peer 1 that it serves. */
function serving(options: { fast: boolean }): SwarmDesk {
  const desk = new SwarmDesk({ have: "####", blocksPerPiece: 100 });
  desk.join(1, options.fast ? FAST : {});
  desk.signal(1, "interested");
  return desk;
}

/** A peer that has four of five pieces of two blocks, and all of whose slots are taken. */
function crowded(options: { allowedFast?: number[] } = {}): SwarmDesk {
  const desk = new SwarmDesk({ have: "####.", ...options });
  for (let peer = 1; peer < LATE; peer++) {
    desk.join(peer);
    desk.signal(peer, "interested");
  }
  return desk;
}

Deno.test("Swarm rejects what a choked peer asks for, and without the fast extension says nothing", () => {
  for (const fast of [true, false]) {
    const desk = new SwarmDesk({ have: "#" });
    desk.join(1, fast ? FAST : {});
    const lines = desk.ask(1, "0.1");
    assertEquals(lines, fast ? ["1 < reject 0.1"] : []);
  }
});

Deno.test("Swarm rejects a request for a piece that it lacks", () => {
  const desk = new SwarmDesk({ have: "#." });
  desk.join(1, FAST);
  desk.signal(1, "interested");
  assertEquals(desk.ask(1, "1.0"), ["1 < reject 1.0"]);
});

Deno.test("Swarm answers a cancel that comes in time with a reject, and one that does not with the block", () => {
  for (const fast of [true, false]) {
    const desk = serving({ fast });
    for (let block = 0; block < 66; block++) desk.ask(1, `0.${block}`);
    // 64 blocks of 16 KiB are on their way.
    assertEquals(desk.ask(1, "0.63", "cancel"), []);
    const rejects = fast ? ["1 < reject 0.65"] : [];
    assertEquals(desk.ask(1, "0.65", "cancel"), rejects);
    assertEquals(desk.ask(1, "0.65", "cancel"), []);
  }
});

Deno.test("Swarm rejects what is queued after it chokes, and serves what is on its way", () => {
  const desk = serving({ fast: true });
  for (let peer = 2; peer <= LATE; peer++) {
    desk.join(peer);
    desk.signal(peer, "interested");
    desk.now += 1;
  }
  for (let block = 0; block < 67; block++) desk.ask(1, `0.${block}`);
  const lines = desk.pass(2 * UPLOAD_TURN_MS)
    .filter((line) => line.startsWith("1 "));
  assertEquals(lines, [
    "1 < choke",
    "1 < reject 0.64",
    "1 < reject 0.65",
    "1 < reject 0.66",
  ]);
  const sent = { type: "blockSent", peer: 1, length: BLOCK_SIZE } as const;
  for (let block = 0; block < 64; block++) {
    assertEquals(desk.apply(sent), []);
  }
  assertEquals(desk.peer(1).upload.pendingBytes, 0);
});

Deno.test("Swarm rejects what its queue has no room for, and disconnects who cannot be told", () => {
  for (const fast of [true, false]) {
    const desk = serving({ fast });
    // 64 leave the queue at once.
    for (let count = 0; count < MAX_QUEUED_REQUESTS + 64; count++) {
      desk.ask(1, `${count % 4}.${count % 100}`);
    }
    assertEquals(
      desk.ask(1, "0.7"),
      [fast ? "1 < reject 0.7" : "1 disconnect protocol"],
    );
  }
});

Deno.test("Swarm disconnects who goes on asking while it is choked", () => {
  const desk = new SwarmDesk({ have: "#" });
  desk.join(1, FAST);
  for (let count = 0; count < MAX_QUEUED_REQUESTS; count++) {
    assertEquals(desk.ask(1, "0.0"), ["1 < reject 0.0"]);
  }
  assertEquals(desk.ask(1, "0.0"), ["1 disconnect protocol"]);
});

Deno.test("Swarm offers pieces to a newcomer that finds no slot, once", () => {
  const desk = crowded({ allowedFast: [2, 0] });
  desk.join(LATE, FAST);
  assertEquals(
    desk.signal(LATE, "interested"),
    [`${LATE} < allowedFast 2`, `${LATE} < allowedFast 0`],
  );
  desk.signal(LATE, "notInterested");
  assertEquals(desk.signal(LATE, "interested"), []);
});

Deno.test("Swarm offers nothing to who gets a slot, has some pieces, or does not speak the fast extension", () => {
  const desk = crowded();
  desk.join(LATE);
  assertEquals(desk.signal(LATE, "interested"), []);
  desk.join(LATE + 1, FAST);
  desk.bitfield(LATE + 1, "###.#");
  assertEquals(desk.signal(LATE + 1, "interested"), []);
  desk.join(LATE + 2, FAST);
  desk.leave(1);
  assertEquals(desk.signal(LATE + 2, "interested"), [`${LATE + 2} < unchoke`]);
});

Deno.test("Swarm serves offered pieces to a choked peer, each byte once, and rejects the rest", () => {
  const desk = crowded({ allowedFast: [2] });
  desk.join(LATE, FAST);
  assertEquals(desk.ask(LATE, "2.0"), [`${LATE} < reject 2.0`]);
  desk.signal(LATE, "interested");
  for (const name of ["2.0", "2.1"]) {
    const lines = desk.ask(LATE, name);
    assertEquals(lines, [`${LATE} serve ${name} of ${BLOCK_SIZE}`]);
  }
  for (const name of ["2.0", "1.0"]) {
    assertEquals(desk.ask(LATE, name), [`${LATE} < reject ${name}`]);
  }
});
