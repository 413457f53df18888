/**
 * The decoder of resume records, to be fuzzed: with the right checksum, as a wrong
 * one ends the decoding.
 *
 * @module
 */
import { Bitfield } from "../../../lib/base/bitfield.ts";
import {
  encodeResumeRecord,
  knownPieces,
  parseResumeRecord,
} from "../../../lib/disk/resume_record.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";
import { sampleTorrent } from "./sample_torrent.ts";

const SUM_LENGTH = 20;

const { torrent } = sampleTorrent(16384, [
  { path: ["t", "a"], length: 16384 + 100 },
  { path: ["t", "b"], length: 2 * 16384 },
  { path: ["t", "c"], length: 10 },
]);

const STAMPS = [
  { size: 16484, modifiedMs: 1_700_000_000_123 },
  undefined,
  { size: 10, modifiedMs: 1 },
];

const SAMPLE = encodeResumeRecord(torrent, {
  have: Bitfield.full(torrent.geometry.pieceCount),
  stamps: STAMPS,
});

/** Parses a record and finds the pieces that it knows. */
export const RESUME_DECODER: NamedFuzzTarget = {
  name: "parseResumeRecord() survives mutated records",
  examples: [SAMPLE.subarray(0, -SUM_LENGTH)],
  decode: (input) => {
    const bytes = new Uint8Array(input.length + SUM_LENGTH);
    bytes.set(input);
    bytes.set(sha1(input), input.length);
    const record = parseResumeRecord(torrent, bytes);
    return record && knownPieces(torrent, record, STAMPS);
  },
};
