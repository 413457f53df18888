/**
 * The fast extension on the uploading side. [BEP 6]
 */
import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { MAX_QUEUED_REQUESTS } from "../../../lib/swarm/upload_order.ts";
import { UPLOAD_SLOTS, UPLOAD_TURN_MS } from "../../../lib/swarm/uploads.ts";
import { FAST, SwarmDesk } from "./swarm_desk.ts";

/** The peer that joins when all slots are taken. */
const LATE = UPLOAD_SLOTS + 1;

/** A seeder of four pieces of 100 blocks, and peer 1 that it serves. */
function serving(options: { fast: boolean }): SwarmDesk {
  const desk = new SwarmDesk({ have: "####", blocksPerPiece: 100 });
  desk.join(1, options.fast ? FAST : {});
  desk.signal(1, "interested");
  return desk;
}

/** A swarm with four of five pieces of two blocks, and no free slot. */
function crowded(options: { allowedFast?: number[] } = {}): SwarmDesk {
  const desk = new SwarmDesk({ have: "####.", ...options });
  for (let peer = 1; peer < LATE; peer++) {
    desk.join(peer);
    desk.signal(peer, "interested");
  }
  return desk;
}

Deno.test("Swarm rejects the request of a choked peer with the fast extension, and ignores that of another", () => {
  for (const fast of [true, false]) {
    const desk = new SwarmDesk({ have: "#" });
    desk.join(1, fast ? FAST : {});
    const lines = desk.request(1, "0.1");
    assertEquals(lines, fast ? ["1 < reject 0.1"] : []);
  }
});

Deno.test("Swarm rejects a request for a piece that it lacks", () => {
  const desk = new SwarmDesk({ have: "#." });
  desk.join(1, FAST);
  desk.signal(1, "interested");
  assertEquals(desk.request(1, "1.0"), ["1 < reject 1.0"]);
});

Deno.test("Swarm answers a cancel in time with a reject, and a late one with the block", () => {
  for (const fast of [true, false]) {
    const desk = serving({ fast });
    for (let block = 0; block < 66; block++) desk.request(1, `0.${block}`);
    // 64 blocks of 16 KiB are being sent.
    assertEquals(desk.request(1, "0.63", "cancel"), []);
    const rejects = fast ? ["1 < reject 0.65"] : [];
    assertEquals(desk.request(1, "0.65", "cancel"), rejects);
    assertEquals(desk.request(1, "0.65", "cancel"), []);
  }
});

Deno.test("Swarm rejects queued requests after it chokes, and finishes blocks that are being sent", () => {
  const desk = serving({ fast: true });
  for (let peer = 2; peer <= LATE; peer++) {
    desk.join(peer);
    desk.signal(peer, "interested");
    desk.now += 1;
  }
  for (let block = 0; block < 67; block++) desk.request(1, `0.${block}`);
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

Deno.test("Swarm rejects a request beyond its queue, and disconnects a peer without the fast extension", () => {
  for (const fast of [true, false]) {
    const desk = serving({ fast });
    // 64 leave the queue at once.
    for (let count = 0; count < MAX_QUEUED_REQUESTS + 64; count++) {
      desk.request(1, `${count % 4}.${count % 100}`);
    }
    assertEquals(
      desk.request(1, "0.7"),
      [fast ? "1 < reject 0.7" : "1 disconnect protocol"],
    );
  }
});

Deno.test("Swarm disconnects a peer that makes requests without end while choked", () => {
  const desk = new SwarmDesk({ have: "#" });
  desk.join(1, FAST);
  for (let count = 0; count < MAX_QUEUED_REQUESTS; count++) {
    assertEquals(desk.request(1, "0.0"), ["1 < reject 0.0"]);
  }
  assertEquals(desk.request(1, "0.0"), ["1 disconnect protocol"]);
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

Deno.test("Swarm offers nothing to a peer with a slot, with some pieces, or without the fast extension", () => {
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

Deno.test("Swarm serves offered pieces to a choked peer, each byte once", () => {
  const desk = crowded({ allowedFast: [2] });
  desk.join(LATE, FAST);
  assertEquals(desk.request(LATE, "2.0"), [`${LATE} < reject 2.0`]);
  desk.signal(LATE, "interested");
  for (const name of ["2.0", "2.1"]) {
    const lines = desk.request(LATE, name);
    assertEquals(lines, [`${LATE} serve ${name} of ${BLOCK_SIZE}`]);
  }
  for (const name of ["2.0", "1.0"]) {
    assertEquals(desk.request(LATE, name), [`${LATE} < reject ${name}`]);
  }
});
