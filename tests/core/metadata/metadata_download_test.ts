/**
 * The engine that fetches metadata. `"1 < 0"` is a request to peer 1 for piece 0;
 * `"1 > 0"` is the answer, `"1 ! 0"` wrong bytes, `"1 x 0"` a reject. The metadata
 * has three pieces: 16,384, 16,384 and 7,232 bytes.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import {
  type MetadataAction,
  MetadataDownload,
} from "../../../lib/metadata/metadata_download.ts";
import { FUZZ_SEED } from "../fuzz.ts";

const LENGTH = 40_000;
const INFO = Uint8Array.from({ length: LENGTH }, (_, at) => at % 251);

class Desk {
  now = 0;
  readonly #download = new MetadataDownload((info) =>
    info.length === LENGTH && info.every((byte, at) => byte === INFO[at])
  );
  readonly #lengths = new Map<number, number>();

  offer(peer: number, hostname: string, length = LENGTH): string[] {
    this.#lengths.set(peer, length);
    return this.#apply({ type: "offered", peer, hostname, length });
  }

  /** Plays a line: `"1 > 0"`, `"1 ! 0"`, `"1 x 0"` or `"1 leaves"`. */
  play(line: string): string[] {
    const [name, sign, place] = line.split(" ");
    const peer = Number(name);
    const piece = Number(place);
    if (sign === "leaves") return this.#apply({ type: "left", peer });
    if (sign === "x") {
      const message = { type: "reject", piece } as const;
      return this.#apply({ type: "received", peer, message });
    }
    const totalLength = this.#lengths.get(peer)!;
    const start = piece * 16_384;
    const bytes = sign === ">"
      ? INFO.subarray(start, start + 16_384)
      : new Uint8Array(Math.min(16_384, totalLength - start)).fill(255);
    const message = { type: "data", piece, totalLength, bytes } as const;
    return this.#apply({ type: "received", peer, message });
  }

  playAll(...lines: string[]): string[] {
    return lines.flatMap((line) => this.play(line));
  }

  /** Seconds pass, with a tick each. */
  wait(seconds: number): string[] {
    return Array.from({ length: seconds }).flatMap(() => {
      this.now += 1000;
      return this.#apply({ type: "tick" });
    });
  }

  #apply(event: Parameters<MetadataDownload["apply"]>[0]): string[] {
    return this.#download.apply(event, this.now).map(describe);
  }
}

function describe(action: MetadataAction): string {
  switch (action.type) {
    case "request":
      return `${action.peer} < ${action.piece}`;
    case "mismatched":
      return `mismatched: ${action.hostnames.join(" ")}`;
    case "ban":
      return `ban ${action.hostname}`;
    case "fetched":
      assertEquals(action.info, INFO);
      return "fetched";
  }
}

Deno.test("MetadataDownload requests one piece at a time and hands the whole over", () => {
  const desk = new Desk();
  assertEquals(desk.offer(1, "a"), ["1 < 0"]);
  assertEquals(desk.play("1 > 0"), ["1 < 1"]);
  assertEquals(desk.play("1 > 1"), ["1 < 2"]);
  assertEquals(desk.play("1 > 2"), ["fetched"]);
  assertEquals(desk.playAll("1 > 2", "1 leaves"), []);
  assertEquals(desk.wait(60), []);
});

Deno.test("MetadataDownload requests different pieces of different peers", () => {
  const desk = new Desk();
  assertEquals(desk.offer(1, "a"), ["1 < 0"]);
  assertEquals(desk.offer(2, "b"), ["2 < 1"]);
  assertEquals(desk.offer(3, "c"), ["3 < 2"]);
  assertEquals(desk.offer(4, "d"), []);
  assertEquals(desk.playAll("2 > 1", "1 > 0", "3 > 2"), ["fetched"]);
});

Deno.test("MetadataDownload asks others for what a silent peer delays, and takes late answers", () => {
  const desk = new Desk();
  desk.offer(1, "silent");
  assertEquals(desk.offer(2, "b"), ["2 < 1"]);
  assertEquals(desk.playAll("2 > 1", "2 > 2"), ["2 < 2"]);
  assertEquals(desk.wait(1), []);
  // Two seconds after the request.
  assertEquals(desk.wait(1), ["2 < 0"]);
  assertEquals(desk.play("1 > 0"), ["fetched"]);
});

Deno.test("MetadataDownload asks another host before further silent peers of one", () => {
  const desk = new Desk();
  for (const peer of [1, 2, 3, 4, 5, 6]) desk.offer(peer, "silent", 16_000);
  assertEquals(desk.offer(7, "b", 16_000), []);
  assertEquals(desk.wait(2), ["7 < 0"]);
  assertEquals(desk.wait(2), ["2 < 0"]);
});

Deno.test("MetadataDownload requests another piece of a silent peer after 30 s", () => {
  const desk = new Desk();
  desk.offer(1, "a");
  assertEquals(desk.wait(29), []);
  assertEquals(desk.wait(1), ["1 < 1"]);
  // Too late, as the peer was given up for this one.
  assertEquals(desk.play("1 > 0"), []);
  assertEquals(desk.play("1 > 1"), ["1 < 2"]);
});

Deno.test("MetadataDownload asks another peer at once for a rejected piece, and the same after 5 s", () => {
  const desk = new Desk();
  desk.offer(1, "a");
  desk.offer(2, "b");
  assertEquals(desk.play("1 x 0"), []);
  assertEquals(desk.play("2 > 1"), ["2 < 0"]);
  assertEquals(desk.play("2 x 0"), []);
  assertEquals(desk.wait(4), []);
  assertEquals(desk.wait(1), ["1 < 0", "2 < 2"]);
  // A reject of what was not requested means nothing.
  assertEquals(desk.play("1 x 2"), []);
});

Deno.test("MetadataDownload requests what a lost peer had outstanding of others", () => {
  const desk = new Desk();
  desk.offer(1, "a");
  desk.offer(2, "b");
  assertEquals(desk.play("1 > 0"), ["1 < 2"]);
  assertEquals(desk.play("2 > 1"), []);
  assertEquals(desk.play("1 leaves"), ["2 < 2"]);
  assertEquals(desk.play("2 leaves"), []);
  // It goes on where it was.
  assertEquals(desk.offer(3, "a"), ["3 < 2"]);
  assertEquals(desk.play("3 > 2"), ["fetched"]);
});

Deno.test("MetadataDownload ignores data that it did not request", () => {
  const desk = new Desk();
  desk.offer(1, "a");
  assertEquals(desk.playAll("1 ! 2", "1 > 0", "1 ! 0"), ["1 < 1"]);
  assertEquals(desk.play("9 ! 0"), []);
  assertEquals(desk.playAll("1 > 1", "1 > 2"), ["1 < 2", "fetched"]);
});

Deno.test("MetadataDownload keeps the copies of peers that disagree on the length apart", () => {
  const desk = new Desk();
  assertEquals(desk.offer(1, "liar", 32 * 1024 * 1024), ["1 < 0"]);
  assertEquals(desk.offer(2, "short", 16_385), ["2 < 0"]);
  assertEquals(desk.offer(3, "honest"), ["3 < 0"]);
  desk.playAll("1 ! 0", "1 ! 1", "2 ! 0");
  assertEquals(desk.play("2 ! 1")[0], "mismatched: short");
  // The wrong one made every peer begin a copy of its own.
  const lines = desk.playAll("3 > 0", "3 > 1", "3 > 2");
  assertEquals(lines, ["3 < 1", "3 < 2", "fetched"]);
});

Deno.test("MetadataDownload refuses a piece that contradicts the offered length", () => {
  const desk = new Desk();
  desk.offer(1, "a", LENGTH + 1);
  desk.play("1 > 0");
  desk.play("1 > 1");
  // The last piece has one byte less than was offered.
  assertThrows(
    () => desk.play("1 > 2"),
    ProtocolError,
    "piece 2 has 7232 bytes of 40001, but 40001 were offered",
  );
});

Deno.test("MetadataDownload that got wrong pieces bans nobody, and has every peer send all", () => {
  const desk = new Desk();
  desk.offer(1, "honest");
  desk.offer(2, "liar");
  assertEquals(desk.playAll("1 > 0", "1 > 2", "2 ! 1"), [
    ...["1 < 2", "mismatched: honest liar", "1 < 0", "2 < 0"],
  ]);
  assertEquals(desk.playAll("2 ! 0", "2 ! 1", "1 > 0"), [
    ...["2 < 1", "2 < 2", "1 < 1"],
  ]);
  // Alone, and for the second time.
  assertEquals(desk.play("2 ! 2"), ["mismatched: liar", "ban liar"]);
  assertEquals(desk.offer(4, "liar"), []);
  assertEquals(desk.playAll("1 > 1", "1 > 2"), ["1 < 2", "fetched"]);
});

Deno.test("MetadataDownload bans a host for the second wrong metadata that it sent alone", () => {
  const desk = new Desk();
  desk.offer(1, "a");
  const wrong = ["1 ! 0", "1 ! 1", "1 ! 2"];
  assertEquals(desk.playAll(...wrong), [
    ...["1 < 1", "1 < 2", "mismatched: a", "1 < 0"],
  ]);
  assertEquals(desk.playAll(...wrong), [
    ...["1 < 1", "1 < 2", "mismatched: a", "ban a"],
  ]);
  assertEquals(desk.wait(60), []);
  assertEquals(desk.offer(2, "b"), ["2 < 0"]);
  assertEquals(desk.playAll("2 > 0", "2 > 1", "2 > 2"), [
    ...["2 < 1", "2 < 2", "fetched"],
  ]);
});

Deno.test("MetadataDownload holds at most 64 MiB: it gives the longest copy up", () => {
  const desk = new Desk();
  const length = 32 * 1024 * 1024;
  for (const peer of [1, 2, 3]) desk.offer(peer, `${peer}`, length - peer);
  desk.offer(4, "honest");
  desk.play("4 > 0");
  // All but the last piece of each: 96 MiB.
  let requestCount = 0;
  for (let piece = 0; piece < 2047; piece++) {
    for (const peer of [1, 2, 3]) {
      requestCount += desk.play(`${peer} ! ${piece}`).length;
    }
  }
  // The first of them was given up, and rests.
  assert(requestCount < 3 * 2046, `${requestCount}`);
  assertEquals(desk.playAll("4 > 1", "4 > 2"), ["4 < 2", "fetched"]);
});

Deno.test(`MetadataDownload ends with the right metadata if one peer is honest (seed ${FUZZ_SEED})`, () => {
  for (let seed = FUZZ_SEED; seed < FUZZ_SEED + 200; seed++) {
    playLife(seededRandom(seed));
  }
});

/** Liars of three kinds and one honest peer, which answer, leave and come back at random. */
function playLife(random: () => number): void {
  const desk = new Desk();
  const hosts = ["honest", "wrong", "wrong", "long", "silent", "rejecting"];
  const banned = new Set<string>();
  /** The requests that each peer has not answered: pieces and times. */
  const outstanding = new Map<number, Map<number, number>>();
  const connected: (number | undefined)[] = [];
  let peerCount = 0;
  const note = (lines: readonly string[]): boolean => {
    for (const line of lines) {
      const [name, sign, piece] = line.split(" ");
      if (name === "ban") banned.add(sign!);
      if (name === "mismatched:") {
        // All are made again.
        for (const pieces of outstanding.values()) {
          for (const piece of pieces.keys()) pieces.set(piece, -Infinity);
        }
      }
      if (sign !== "<") continue;
      const pieces = outstanding.get(Number(name))!;
      pieces.set(Number(piece), desk.now);
      const recent = [...pieces.values()].filter((at) =>
        desk.now - at < 30_000
      );
      assertEquals(recent.length, 1);
    }
    return lines.includes("fetched");
  };
  const step = (): boolean => {
    const at = randomBelow(hosts.length, random);
    const [host, peer] = [hosts[at]!, connected[at]];
    if (peer === undefined) {
      const length = host === "long" ? LENGTH + 20_000 : LENGTH;
      connected[at] = ++peerCount;
      outstanding.set(peerCount, new Map());
      return note(desk.offer(peerCount, `${host} ${at}`, length));
    }
    if (random() < 0.05) {
      connected[at] = undefined;
      return note(desk.play(`${peer} leaves`));
    }
    const pieces = outstanding.get(peer)!;
    const [piece] = pieces.keys();
    if (piece === undefined || host === "silent") return false;
    pieces.delete(piece);
    const sign = { honest: ">", rejecting: "x" }[host] ?? "!";
    return note(desk.play(`${peer} ${sign} ${piece}`));
  };
  for (let count = 0; count < 3_000; count++) {
    if (step()) {
      assertEquals([...banned].filter((name) => /honest/.test(name)), []);
      return;
    }
    if (random() < 0.2 && note(desk.wait(1))) return;
  }
  throw new Error("the metadata never came");
}
