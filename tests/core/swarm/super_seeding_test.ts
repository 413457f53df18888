/**
 * Super-seeding [BEP 16]. The pieces announced to a leecher are drawn: `"#..#"` are
 * the first and the last of four pieces.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { FAST, type Introduction, SwarmDesk } from "./swarm_desk.ts";

/** A seeder, and the pieces announced to each leecher. */
class SeederDesk {
  readonly desk: SwarmDesk;
  readonly #views = new Map<number, string[]>();

  constructor(pieceCount: number, seed = 1) {
    const have = "#".repeat(pieceCount);
    this.desk = new SwarmDesk({ have, blocksPerPiece: 1, seed });
  }

  /** The pieces announced to a leecher. */
  view(key: number): string {
    return this.#views.get(key)!.join("");
  }

  /** The number of pieces announced to each. */
  counts(...keys: number[]): number[] {
    return keys.map((key) => this.view(key).replaceAll(".", "").length);
  }

  join(
    key: number,
    introduction?: Introduction,
    { isInterested = true } = {},
  ): string[] {
    const { pieceCount } = this.desk.geometry;
    this.#views.set(key, new Array(pieceCount).fill("."));
    const lines = this.#read(this.desk.join(key, introduction));
    if (isInterested) this.#read(this.desk.signal(key, "interested"));
    return lines;
  }

  /** A leecher requests every announced piece that it has not requested. */
  requestAll(key: number, count = Infinity): void {
    const asked = this.#requestedOf(key);
    for (let left = count; left > 0; left--) {
      const index = this.#views.get(key)!.findIndex((cell, index) =>
        cell === "#" && !asked.has(index)
      );
      if (index < 0) return;
      asked.add(index);
      this.request(key, index);
    }
  }

  request(key: number, index: number): void {
    this.#read(this.desk.request(key, `${index}.0`));
  }

  hasRequested(key: number, index: number): boolean {
    return this.#requestedOf(key).has(index);
  }

  have(key: number, index: number): void {
    this.#read(this.desk.have(key, index));
  }

  /** A leecher has the pieces of the picture. */
  bitfield(key: number, picture: string): void {
    this.#read(this.desk.bitfield(key, picture));
  }

  leave(key: number): void {
    this.#read(this.desk.leave(key));
  }

  pass(ms: number): void {
    this.#read(this.desk.pass(ms));
  }

  /** Every requested block is sent. */
  sendAll(): void {
    for (const [key, { upload }] of this.desk.swarm.peers) {
      while (upload.pendingBytes > 0) {
        const length = Math.min(upload.pendingBytes, 16_384);
        this.#read(this.desk.apply({ type: "blockSent", peer: key, length }));
      }
    }
  }

  readonly #requests = new Map<number, Set<number>>();

  #requestedOf(key: number): Set<number> {
    const asked = this.#requests.get(key) ?? new Set();
    this.#requests.set(key, asked);
    return asked;
  }

  #read(lines: string[]): string[] {
    for (const line of lines) {
      const [, key, index] = /^(\d+) < have (\d+)$/.exec(line) ?? [];
      if (key !== undefined) this.#views.get(Number(key))![Number(index)] = "#";
    }
    return lines;
  }
}

/** The number of leechers that each piece is announced to, as digits. */
function overlaid(...views: string[]): string {
  return [...views[0]!].map((_, index) =>
    views.filter((view) => view[index] === "#").length
  ).join("");
}

Deno.test("a super-seeder announces other pieces to each leecher", () => {
  const seeder = new SeederDesk(8);
  for (const key of [1, 2, 3]) seeder.join(key);
  const views = [1, 2, 3].map((key) => seeder.view(key));
  assert(!overlaid(...views).includes("2"), views.join());
  assertEquals(seeder.counts(1, 2, 3), [4, 1, 1]);
});

Deno.test("a super-seeder sends have none with the fast extension, then haves", () => {
  const [first, second] = new SeederDesk(2).join(1, FAST);
  assertEquals(first, "1 < haveNone");
  assertEquals(second?.startsWith("1 < have "), true);
});

Deno.test("a super-seeder announces the next piece when one is requested", () => {
  const seeder = new SeederDesk(8);
  seeder.join(1);
  seeder.join(2);
  seeder.requestAll(2, 1);
  assertEquals(seeder.counts(1, 2), [4, 2]);
  seeder.requestAll(2, 1);
  assertEquals(seeder.counts(1, 2), [4, 3]);
  assert(!overlaid(seeder.view(1), seeder.view(2)).includes("2"));
});

Deno.test("a super-seeder announces everything to a lone leecher, a little ahead of its requests", () => {
  const seeder = new SeederDesk(200);
  seeder.join(1);
  assertEquals(seeder.counts(1), [16]);
  seeder.requestAll(1, 100);
  assertEquals(seeder.counts(1), [116]);
  seeder.requestAll(1);
  assertEquals(seeder.counts(1), [200]);
});

Deno.test("a super-seeder announces everything to all once every piece is with some leecher", () => {
  const seeder = new SeederDesk(4);
  seeder.join(1);
  seeder.join(2);
  seeder.requestAll(1);
  seeder.bitfield(1, "##..");
  seeder.have(2, 2);
  assert(seeder.counts(1, 2).some((count) => count < 3));
  seeder.have(2, 3);
  assertEquals(overlaid("##..", seeder.view(1)).includes("0"), false);
  assertEquals(overlaid("..##", seeder.view(2)).includes("0"), false);
  assertEquals(seeder.desk.join(3), ["3 < bitfield 240"]);
});

Deno.test("a super-seeder does not announce a piece that the leecher has", () => {
  const seeder = new SeederDesk(64);
  seeder.join(1);
  const before = seeder.view(1);
  seeder.bitfield(1, "#".repeat(60) + "....");
  seeder.requestAll(1);
  const isNew = [...seeder.view(1)].map((cell, index) =>
    cell === "#" && before[index] === "."
  );
  assertEquals(isNew.lastIndexOf(true, 59), -1);
  assertEquals(seeder.view(1).slice(60), "####");
});

for (const claim of ["#".repeat(64), "#".repeat(63) + "."]) {
  Deno.test(`a super-seeder assigns pieces that a peer merely claims (${claim.lastIndexOf("#") + 1} of 64)`, () => {
    const seeder = new SeederDesk(64);
    for (const key of [1, 2, 3]) seeder.join(key);
    seeder.bitfield(1, claim);
    assert(seeder.counts(2, 3).every((count) => count <= 16));
    for (let round = 0; round < 64; round++) {
      for (const key of [2, 3]) seeder.requestAll(key, 1);
    }
    const missing = overlaid(seeder.view(2), seeder.view(3)).indexOf("0");
    assertEquals(missing, -1);
  });
}

Deno.test("a super-seeder assigns what one peer claims after the pieces that none has", () => {
  const seeder = new SeederDesk(64);
  for (const key of [1, 2]) seeder.join(key);
  const before = seeder.view(2);
  seeder.bitfield(1, "#".repeat(32) + ".".repeat(32));
  seeder.requestAll(2, 12);
  const isNew = [...seeder.view(2)].map((cell, index) =>
    cell === "#" && before[index] === "."
  );
  assertEquals(isNew.lastIndexOf(true, 31), -1);
  assert(isNew.includes(true));
});

Deno.test("a super-seeder takes a piece as passed on once two peers announce it", () => {
  const seeder = new SeederDesk(8);
  for (const key of [1, 2, 3]) seeder.join(key);
  seeder.bitfield(1, "#######.");
  seeder.bitfield(2, "#######.");
  seeder.requestAll(3);
  seeder.have(3, 7);
  assertEquals(seeder.view(3), "########");
});

Deno.test("a super-seeder believes no claim of two connections with one host", () => {
  const seeder = new SeederDesk(64);
  for (const key of [1, 2]) seeder.join(key, { hostname: "192.0.2.9" });
  seeder.join(3);
  for (const key of [1, 2]) seeder.bitfield(key, "#".repeat(63) + ".");
  seeder.request(3, 63);
  seeder.have(3, 63);
  assert(seeder.counts(3).every((count) => count < 64));
});

Deno.test("a super-seeder believes no claim for a request that it refused", () => {
  const seeder = new SeederDesk(64);
  for (const key of [1, 2]) seeder.join(key);
  // Uninterested, so it is choked.
  seeder.join(3, undefined, { isInterested: false });
  for (let index = 0; index < 63; index++) seeder.request(3, index);
  seeder.bitfield(3, "#".repeat(63) + ".");
  seeder.request(1, 63);
  seeder.have(1, 63);
  assert(seeder.counts(1, 2).every((count) => count < 64));
});

Deno.test("a super-seeder announces to others the pieces that a leecher had alone and left with", () => {
  const seeder = new SeederDesk(6);
  seeder.join(1);
  seeder.join(2);
  seeder.requestAll(1);
  seeder.sendAll();
  for (const index of [0, 1, 2, 3, 4, 5]) {
    if (seeder.view(1)[index] === "#") seeder.have(1, index);
  }
  seeder.leave(1);
  seeder.requestAll(2);
  assertEquals(seeder.view(2), "######");
});

Deno.test("a super-seeder announces to another the pieces that a leecher never requests", () => {
  const seeder = new SeederDesk(4);
  seeder.join(1);
  seeder.join(2);
  assertEquals(seeder.counts(1, 2), [2, 1]);
  seeder.requestAll(2);
  assertEquals(seeder.counts(1, 2), [2, 4]);
});

Deno.test("a super-seeder announces no more to a leecher that passes nothing on while others do", () => {
  const seeder = new SeederDesk(200);
  for (const key of [1, 2, 3]) seeder.join(key);
  for (let round = 0; round < 20; round++) {
    for (const key of [1, 2, 3]) seeder.requestAll(key, 1);
    seeder.sendAll();
    // Pieces of 2 and 3 are soon with the other as well, those of 1 never.
    for (const [from, to] of [[2, 3], [3, 2]] as const) {
      const index = [...seeder.view(from)].findIndex((cell, index) =>
        cell === "#" && seeder.hasRequested(from, index) &&
        !seeder.desk.peer(to).source.pieces.has(index)
      );
      seeder.have(to, index);
    }
  }
  const [still, ...active] = seeder.counts(1, 2, 3);
  assert(active.every((count) => count >= still! + 5), `${still} ${active}`);
});

Deno.test("a super-seeder holds back no leecher for those that request nothing", () => {
  const seeder = new SeederDesk(100);
  for (const key of [1, 2, 3, 4]) seeder.join(key);
  for (let second = 0; second < 10; second++) {
    seeder.requestAll(4);
    seeder.sendAll();
    seeder.pass(1000);
  }
  assertEquals(seeder.view(4), "#".repeat(100));
});

Deno.test("a super-seeder holds back no leecher for those that come and go and request nothing", () => {
  const seeder = new SeederDesk(100);
  seeder.join(1);
  let seconds = 0;
  for (; seeder.counts(1)[0]! < 100 && seconds < 60; seconds++) {
    // Four new ones a second, each of which stays for two.
    for (let place = 0; place < 4; place++) {
      if (seconds >= 2) seeder.leave(10 * (seconds - 2) + place + 10);
      seeder.join(10 * seconds + place + 10);
    }
    seeder.requestAll(1, 100);
    seeder.sendAll();
    seeder.pass(1_000);
  }
  assertLess(seconds, 5);
});

Deno.test("a super-seeder announces everything to a leecher that has had nothing to request for a while", () => {
  const seeder = new SeederDesk(4);
  seeder.join(1);
  seeder.join(2);
  seeder.requestAll(1);
  seeder.requestAll(2);
  seeder.sendAll();
  seeder.pass(1000);
  assert(seeder.counts(1, 2).some((count) => count < 4));
  seeder.pass(1000);
  seeder.requestAll(2);
  assertEquals(seeder.counts(1, 2), [4, 4]);
});

Deno.test("a super-seeder holds back no honest leecher for those that never announce", () => {
  const seeder = new SeederDesk(100);
  for (const key of [1, 2, 3, 4, 5]) seeder.join(key);
  // The others request the same block again and again, and announce nothing.
  let seconds = 0;
  for (; seeder.counts(1)[0]! < 100 && seconds < 60; seconds++) {
    seeder.requestAll(1, 100);
    for (const key of [2, 3, 4, 5]) seeder.desk.request(key, "0.0");
    seeder.sendAll();
    seeder.pass(1_000);
  }
  assertLess(seconds, 30);
});

Deno.test("a super-seeder begins again once a piece is with no leecher any more", () => {
  const seeder = new SeederDesk(4);
  seeder.join(1);
  seeder.join(2);
  for (const key of [1, 2]) seeder.requestAll(key);
  seeder.bitfield(1, "##..");
  seeder.bitfield(2, "..##");
  for (const key of [3, 4]) {
    assertEquals(seeder.join(key), [`${key} < bitfield 240`]);
  }
  seeder.leave(1);
  assertEquals(seeder.join(5).includes("5 < bitfield 240"), false);
  assertEquals(seeder.view(5).slice(2), "..");
});
