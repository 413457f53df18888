import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import type { FileStamp } from "../../../lib/files/file_system.ts";
import {
  encodeResumeRecord,
  foreignFiles,
  knownPieces,
  parseResumeRecord,
  type ResumeRecord,
} from "../../../lib/disk/resume_record.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import type { InfoHash } from "../../../lib/base/identifier.ts";
import { sampleTorrent } from "./sample_torrent.ts";

/** Pieces of 16 KiB: a 0 to 1, b 1 to 3, padding in 3, c 4. */
const { torrent } = sampleTorrent(16384, [
  { path: ["t", "a"], length: 16384 + 100 },
  { path: ["t", "b"], length: 2 * 16384 },
  { path: ["t", "pad"], length: 16384 - 100, isPadding: true },
  { path: ["t", "c"], length: 10 },
]);

const STAMPS: readonly (FileStamp | undefined)[] = [
  { size: 16484, modifiedMs: 1_700_000_000_123 },
  { size: 32768, modifiedMs: 1_700_000_000_456.5 },
  undefined,
  { size: 10, modifiedMs: 1 },
];

/** `11.1.` are the pieces 0, 1 and 3 of five. */
function bits(picture: string): Bitfield {
  const bitfield = new Bitfield(picture.length);
  for (const [index, mark] of [...picture].entries()) {
    if (mark === "1") bitfield.add(index);
  }
  return bitfield;
}

function picture(bitfield: Bitfield): string {
  return Array.from(
    { length: bitfield.length },
    (_, index) => bitfield.has(index) ? "1" : ".",
  ).join("");
}

function record(have: string): ResumeRecord {
  return { have: bits(have), stamps: STAMPS };
}

Deno.test("parseResumeRecord() reads what encodeResumeRecord() wrote", () => {
  const bytes = encodeResumeRecord(torrent, record("11.1."));
  const read = parseResumeRecord(torrent, bytes);
  assertEquals(picture(read!.have), "11.1.");
  assertEquals(read!.stamps, STAMPS);
});

Deno.test("only a record with the same secret is proven", () => {
  const secret = new Uint8Array(32).fill(1);
  const other = new Uint8Array(32).fill(2);
  const isProven = (written?: Uint8Array, read?: Uint8Array): boolean => {
    const bytes = encodeResumeRecord(torrent, record("11111"), written);
    return parseResumeRecord(torrent, bytes, read)!.isProven;
  };
  assertEquals(isProven(secret, secret), true);
  assertEquals(isProven(secret, other), false);
  assertEquals(isProven(secret, undefined), false);
  assertEquals(isProven(undefined, secret), false);
  assertEquals(isProven(undefined, undefined), false);
});

Deno.test("a proof does not hold for a record with other pieces", () => {
  const secret = new Uint8Array(32).fill(1);
  const honest = encodeResumeRecord(torrent, record("1...."), secret);
  const forged = encodeResumeRecord(torrent, record("11111"));
  // The proof of the one on the dictionary of the other, and a right SHA-1.
  const proof = honest.subarray(-40, -20);
  const proven = concat([forged.subarray(0, -40), proof]);
  const bytes = concat([proven, sha1(proven)]);
  const read = parseResumeRecord(torrent, bytes, secret)!;
  assertEquals([picture(read.have), read.isProven], ["11111", false]);
});

Deno.test("parseResumeRecord() tells a time of 0 and times before 1970 from an unknown one", () => {
  const stamps = [0, -86_400_500, undefined, -0.5].map((modifiedMs) => (
    { size: 10, modifiedMs }
  ));
  const bytes = encodeResumeRecord(torrent, { have: bits("11111"), stamps });
  assertEquals(parseResumeRecord(torrent, bytes)!.stamps, stamps);
});

Deno.test("parseResumeRecord() refuses a record with any byte changed, missing or added", () => {
  const bytes = encodeResumeRecord(torrent, record("11111"));
  for (let offset = 0; offset < bytes.length; offset++) {
    const changed = bytes.slice();
    changed[offset]! ^= 0x01;
    assertEquals(parseResumeRecord(torrent, changed), undefined);
    const cut = bytes.slice(0, offset);
    assertEquals(parseResumeRecord(torrent, cut), undefined);
  }
  const longer = new Uint8Array([...bytes, 0]);
  assertEquals(parseResumeRecord(torrent, longer), undefined);
});

Deno.test("parseResumeRecord() refuses a record of another torrent or number of files", () => {
  const bytes = encodeResumeRecord(torrent, record("11111"));
  const other = { ...torrent, infoHash: "11".repeat(20) as InfoHash };
  assertEquals(parseResumeRecord(other, bytes), undefined);
  const fewer = { ...torrent, files: torrent.files.slice(1) };
  assertEquals(parseResumeRecord(fewer, bytes), undefined);
});

/** The stamp of each file now, and the pieces that are known and right. */
const CASES: readonly {
  readonly name: string;
  readonly now: readonly (FileStamp | undefined)[];
  readonly have: string;
  readonly known: string;
  readonly right: string;
}[] = [
  {
    name: "nothing changed",
    now: STAMPS,
    have: "11111",
    known: "11111",
    right: "11111",
  },
  {
    name: "a missing piece is known to be missing",
    now: STAMPS,
    have: "1..11",
    known: "11111",
    right: "1..11",
  },
  {
    name: "b was modified",
    now: STAMPS.with(1, { size: 32768, modifiedMs: 1_700_000_000_457 }),
    have: "11111",
    known: "1...1",
    right: "1...1",
  },
  {
    name: "a is longer",
    now: STAMPS.with(0, { size: 16485, modifiedMs: 1_700_000_000_123 }),
    have: "11111",
    known: "..111",
    right: "..111",
  },
  {
    name: "c is gone",
    now: STAMPS.with(3, undefined),
    have: "11111",
    known: "1111.",
    right: "1111.",
  },
  {
    name: "all is gone",
    now: [undefined, undefined, undefined, undefined],
    have: "11111",
    known: ".....",
    right: ".....",
  },
];

for (const { name, now, have, known, right } of CASES) {
  Deno.test(`knownPieces() where ${name}`, () => {
    const pieces = knownPieces(torrent, record(have), now);
    assertEquals(picture(pieces.known), known);
    assertEquals(picture(pieces.have), right);
  });
}

Deno.test("knownPieces() knows nothing of a file that was being written, or whose time is unknown", () => {
  const stamps = STAMPS.with(1, undefined).with(3, {
    size: 10,
    modifiedMs: undefined,
  });
  const known = knownPieces(torrent, { have: bits("11111"), stamps }, stamps);
  assertEquals(picture(known.known), "1....");
});

Deno.test("foreignFiles() finds files without a right piece that the record does not show", () => {
  const now = STAMPS.with(0, { size: 5, modifiedMs: 0 });
  const find = (have: string, record?: ResumeRecord): number[] =>
    foreignFiles(torrent, now, { have: bits(have), record })
      .map(({ fileIndex }) => fileIndex);
  assertEquals(find("....."), [0, 1, 3]);
  // Piece 1 lies in a and b.
  assertEquals(find(".1..."), [3]);
  assertEquals(find("....1"), [0, 1]);
  const stamps = STAMPS.with(1, undefined);
  // A was modified, b was missing, c is as it was.
  const have = bits(".....");
  assertEquals(find(".....", { have, stamps }), [0, 1]);
  assertEquals(find("1....", { have, stamps }), [1]);
  // Without times on this system, a file of the same size may be the same.
  const timeless = { size: 5, modifiedMs: undefined };
  const same = stamps.with(0, timeless);
  assertEquals(find(".....", { have, stamps: same }), [1]);
  // Nothing is lost with an empty file.
  const empty = STAMPS.map((stamp) => stamp && { ...stamp, size: 0 });
  const options = { have: bits("....."), record: undefined };
  assertEquals(foreignFiles(torrent, empty, options), []);
});

Deno.test("foreignFiles() finds a file unproven if it has the right length and no piece to itself", () => {
  const { torrent: small } = sampleTorrent(10, [
    { path: ["set", "a"], length: 4 },
    { path: ["set", "b"], length: 30 },
    { path: ["set", "c"], length: 4 },
    { path: ["set", "d"], length: 10 },
    { path: ["set", "e"], length: 5 },
  ]);
  const unproven = (now: readonly (FileStamp | undefined)[]): number[] =>
    foreignFiles(small, now, { have: bits("......"), record: undefined })
      .flatMap(({ fileIndex, isUnproven }) => isUnproven ? fileIndex : []);
  const now = small.files.map(({ length: size }) => ({ size, modifiedMs: 0 }));
  // b has two pieces of its own, e the last one.
  assertEquals(unproven(now), [0, 2, 3]);
  assertEquals(unproven(now.with(2, { size: 5, modifiedMs: 0 })), [0, 3]);
});
