/**
 * Requests of several blocks, which peers of our own kind answer with one message. A
 * block of 16 KiB stays the unit of account.
 */
import { assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import { MAX_QUEUED_REQUESTS } from "../../../lib/swarm/upload_order.ts";
import type { BlockRange } from "../../../lib/wire/message.ts";
import { latin1 } from "../bencode/bytes.ts";
import { STOCK_HANDSHAKES } from "../wire/payloads.ts";
import { SwarmDesk } from "./swarm_desk.ts";

const BOTH = { extensions: { fast: true, extended: true } };

/** The key of our own in an extended handshake. */
function saying(requestLength: number): Uint8Array {
  return latin1(`d10:ls_requesti${requestLength}ee`);
}

/** A leecher, and a peer that answers requests of a length. */
function leecher(
  { requestLength, pieceCount = 4, fast = true }: {
    requestLength: number | undefined;
    pieceCount?: number;
    fast?: boolean;
  },
): SwarmDesk {
  const desk = new SwarmDesk({
    have: ".".repeat(pieceCount),
    blocksPerPiece: 32,
    missingBytes: 100,
  });
  desk.join(1, { extensions: { fast, extended: true } });
  if (requestLength !== undefined) {
    const payload = saying(requestLength);
    desk.receive(1, { type: "extended", id: 0, payload });
  }
  desk.bitfield(1, "#".repeat(pieceCount));
  return desk;
}

function requestsIn(lines: readonly string[], peer = 1): string[] {
  const start = `${peer} < request `;
  return lines.filter((line) => line.startsWith(start))
    .map((line) => line.slice(start.length));
}

/** Answers requests as the swarm makes them. Returns the requests, in order. */
function serve(
  desk: SwarmDesk,
  lines: readonly string[],
  count: number,
): { made: string[]; queue: string[] } {
  const queue = requestsIn(lines);
  const made = [...queue];
  for (let done = 0; done < count && queue.length > 0; done++) {
    const more = requestsIn(answer(desk, queue.shift()!));
    queue.push(...more);
    made.push(...more);
  }
  return { made, queue };
}

/** A message about the blocks of a request, as `"0.2-4"`. */
function rangeOf(desk: SwarmDesk, request: string): BlockRange {
  const [index, blocks] = request.split(".");
  const [first, last = first] = blocks!.split("-").map(Number);
  const offsetInPiece = first! * BLOCK_SIZE;
  const end = Math.min(
    (last! + 1) * BLOCK_SIZE,
    desk.geometry.pieceLengthAt(Number(index)),
  );
  return { index: Number(index), offsetInPiece, length: end - offsetInPiece };
}

function answer(desk: SwarmDesk, request: string, fill = 0): string[] {
  const { length, ...place } = rangeOf(desk, request);
  const block = new Uint8Array(length).fill(fill);
  return desk.receive(1, { type: "piece", ...place, block });
}

/** The number of blocks of a request. */
function size(request: string): number {
  const [first, last = first] = request.split(".")[1]!.split("-").map(Number);
  return last! - first! + 1;
}

/** A leecher with a fast peer, and what is requested of it then. */
function fastLeecher(
  options: { fast?: boolean } = {},
): { desk: SwarmDesk; queue: string[] } {
  const desk = leecher({ requestLength: 262_144, pieceCount: 8, ...options });
  const { queue } = serve(desk, desk.signal(1, "unchoke"), 60);
  return { desk, queue };
}

Deno.test("Swarm merges blocks of one piece into requests of up to 256 KiB at a fast peer that answers them", () => {
  const desk = leecher({ requestLength: 2 ** 20, pieceCount: 24 });
  const { made, queue } = serve(desk, desk.signal(1, "unchoke"), Infinity);
  assertEquals(queue, []);
  assertEquals(made.slice(0, 8).map(size), new Array(8).fill(1));
  assertEquals(Math.max(...made.map(size)), 16);
  assertEquals(made.reduce((sum, it) => sum + size(it), 0), 24 * 32);
});

Deno.test("Swarm requests 16 KiB of a peer that does not answer more", () => {
  for (const requestLength of [undefined, 1, 20_000]) {
    const desk = leecher({ requestLength });
    const { made, queue } = serve(desk, desk.signal(1, "unchoke"), Infinity);
    assertEquals(queue, []);
    assertEquals(made.length, 4 * 32);
    assertEquals(Math.max(...made.map(size)), 1);
  }
});

Deno.test("Swarm requests 16 KiB of libtorrent, aria2, transmission and rtorrent", () => {
  for (const [client, payload] of Object.entries(STOCK_HANDSHAKES)) {
    const desk = leecher({ requestLength: undefined, pieceCount: 24 });
    desk.receive(1, { type: "extended", id: 0, payload });
    const { made } = serve(desk, desk.signal(1, "unchoke"), Infinity);
    assertEquals(made.length, 24 * 32, client);
  }
});

Deno.test("Swarm makes requests no longer than the peer says", () => {
  const desk = leecher({ requestLength: 50_000 });
  const { made } = serve(desk, desk.signal(1, "unchoke"), Infinity);
  assertEquals(Math.max(...made.map(size)), 3);
});

Deno.test("Swarm makes requests no longer than what the peer sends in 50 ms", () => {
  const desk = leecher({ requestLength: 262_144, pieceCount: 40 });
  const lines = desk.signal(1, "unchoke");
  const queue = requestsIn(lines);
  const made: string[] = [];
  // A block in 20 ms: 800 KB/s.
  for (let count = 0; count < 600 && queue.length > 0; count++) {
    desk.now += 20;
    const more = requestsIn(answer(desk, queue.shift()!));
    queue.push(...more);
    if (count > 300) made.push(...more);
  }
  assertEquals(Math.max(...made.map(size)) * BLOCK_SIZE <= 100_000, true);
});

Deno.test("Swarm disconnects a peer that sends several blocks in one message and does not say that it answers such requests", () => {
  const desk = leecher({ requestLength: undefined });
  desk.signal(1, "unchoke");
  assertEquals(answer(desk, "0.0-1"), ["1 disconnect protocol"]);
});

Deno.test("Swarm accepts the blocks of a request one by one", () => {
  const { desk, queue } = fastLeecher();
  const large = queue.find((request) => size(request) > 2)!;
  const [index, blocks] = large.split(".");
  const first = Number(blocks!.split("-")[0]);
  const before = desk.swarm.traffic.wasted;
  for (let block = first; block < first + size(large); block++) {
    answer(desk, `${index}.${block}`);
  }
  assertEquals(desk.swarm.traffic.wasted, before);
  assertEquals(desk.swarm.peers.size, 1);
});

Deno.test("Swarm requests the blocks of a rejected request of another peer", () => {
  const { desk, queue } = fastLeecher();
  desk.source(2, "#".repeat(8), BOTH);
  const large = queue.find((request) => size(request) > 2)!;
  const { index, offsetInPiece } = rangeOf(desk, large);
  const ids = Array.from(
    { length: size(large) },
    (_, step) => desk.geometry.blockIdAt(index, offsetInPiece)! + step,
  );
  const { requests } = desk.peer(1).source;
  assertEquals(ids.every((id) => requests.has(id)), true);
  desk.receive(1, { type: "reject", ...rangeOf(desk, large) });
  assertEquals(ids.some((id) => requests.has(id)), false);
});

Deno.test("Swarm opens the blocks of a large request when a peer without the fast extension chokes", () => {
  const { desk } = fastLeecher({ fast: false });
  desk.signal(1, "choke");
  assertEquals(desk.peer(1).source.requests.size, 0);
});

Deno.test("Swarm bans a host for a corrupt block of a large message", () => {
  const desk = leecher({ requestLength: 262_144, pieceCount: 1 });
  const queue = requestsIn(desk.signal(1, "unchoke"));
  let lines: string[] = [];
  while (queue.length > 0) {
    const request = queue.shift()!;
    lines = answer(desk, request, size(request) > 1 ? 1 : 0);
    queue.push(...requestsIn(lines));
  }
  assertEquals(lines.at(-1), "verify 0");
  assertEquals(desk.corrupt(0).includes("ban 192.0.2.1 for 0"), true);
});

/** A seeder, and a peer whose requests wait. */
function busySeeder(): SwarmDesk {
  const desk = new SwarmDesk({ have: "#".repeat(8), blocksPerPiece: 32 });
  desk.join(1, BOTH);
  desk.signal(1, "interested");
  // As much as is handed out before any is sent.
  for (const request of ["0.0-15", "0.16-31", "1.0-15", "1.16-31"]) {
    desk.receive(1, { type: "request", ...rangeOf(desk, request) });
  }
  return desk;
}

Deno.test("Swarm takes cancelled blocks out of a queued request, and serves the others", () => {
  const desk = busySeeder();
  desk.receive(1, { type: "request", ...rangeOf(desk, "2.0-7") });
  const cancel = (blocks: string) =>
    desk.receive(1, { type: "cancel", ...rangeOf(desk, blocks) });
  assertEquals(cancel("2.3"), ["1 < reject 2.3"]);
  assertEquals(cancel("2.3"), []);
  assertEquals(cancel("2.6-7"), ["1 < reject 2.6-7"]);
  assertEquals(cancel("2.0"), ["1 < reject 2.0"]);
  const sent = desk.apply({ type: "blockSent", peer: 1, length: 262_144 });
  assertEquals(sent, ["1 serve 2.1 of 32768", "1 serve 2.4 of 32768"]);
});

Deno.test("Swarm serves a request all the same when its queue is too full to split it", () => {
  const desk = busySeeder();
  const { queue } = desk.peer(1).upload;
  for (let count = 0; count < MAX_QUEUED_REQUESTS; count++) {
    desk.receive(1, { type: "request", ...rangeOf(desk, "2.0-15") });
  }
  const cancel = (blocks: string) =>
    desk.receive(1, { type: "cancel", ...rangeOf(desk, blocks) });
  // As many parts as 16 blocks can leave.
  for (const block of [1, 3, 5, 7, 9, 11, 13]) {
    assertEquals(cancel(`2.${block}`), []);
  }
  assertEquals(queue.length, MAX_QUEUED_REQUESTS);
  // The ends and the whole leave no further part.
  assertEquals(cancel("2.0"), ["1 < reject 2.0"]);
  assertEquals(cancel("2.1-15"), ["1 < reject 2.1-15"]);
  assertEquals(cancel("2.4"), ["1 < reject 2.4"]);
  assertEquals(queue.length, MAX_QUEUED_REQUESTS);
});

Deno.test("Swarm ignores a cancel of less than whole blocks of a request", () => {
  const desk = busySeeder();
  desk.receive(1, { type: "request", ...rangeOf(desk, "2.0-7") });
  const parts = [
    { index: 2, offsetInPiece: 1, length: BLOCK_SIZE },
    { index: 2, offsetInPiece: BLOCK_SIZE, length: 1 },
    { index: 2, offsetInPiece: 7 * BLOCK_SIZE, length: 2 * BLOCK_SIZE },
    { index: 3, offsetInPiece: 0, length: BLOCK_SIZE },
  ];
  for (const part of parts) {
    assertEquals(desk.receive(1, { type: "cancel", ...part }), []);
  }
});

Deno.test("Swarm rejects queued large requests as a whole when it chokes", () => {
  const desk = busySeeder();
  desk.receive(1, { type: "request", ...rangeOf(desk, "2.0-7") });
  desk.signal(1, "notInterested");
  // Others take every slot.
  for (let key = 2; key <= 70; key++) {
    desk.join(key);
    desk.signal(key, "interested");
  }
  const lines = desk.pass(1000).filter((line) => line.startsWith("1 <"));
  assertEquals(lines, ["1 < choke", "1 < reject 2.0-7"]);
});
