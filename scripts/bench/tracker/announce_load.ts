/**
 * Measures a tracker by `wrk`: the announces that it answers in a second, and the
 * 99th percentile of the times that they take.
 *
 * @module
 */
import { seededRandom } from "../../../lib/base/random.ts";
import { runCommand } from "../../programs/running_program.ts";
import { REPOSITORY } from "../../programs/tasks.ts";

const SCRIPT = `${REPOSITORY}scripts/bench/tracker/announce.lua`;

/** Peers that announce, in random order. */
const PEER_COUNT = 20_000;
/** Announces in flight. */
const CONNECTION_COUNT = 32;

/** Options for {@linkcode runAnnounceLoad}. */
export interface AnnounceLoadOptions {
  /** The tracker's port on 127.0.0.1. */
  readonly port: number;
  /** A file with info hashes in hex, one a line. */
  readonly infoHashFile: string;
  /** `close`: a connection for each announce. */
  readonly connection: "close" | "keep-alive";
  readonly seconds: number;
}

/** The measurements of `wrk`. */
export interface AnnounceLoadResult {
  readonly announcesPerSecond: number;
  /** 99th percentile of the times of announces, in milliseconds. */
  readonly p99Ms: number;
}

/** Announces for a time. @throws {Error} If `wrk` fails, or an answer is no success. */
export async function runAnnounceLoad(
  { port, infoHashFile, connection, seconds }: AnnounceLoadOptions,
): Promise<AnnounceLoadResult> {
  const { code, stdout, stderr } = await runCommand("wrk", [
    ...["-t1", `-c${CONNECTION_COUNT}`, `-d${seconds}s`, "--latency"],
    ...["-s", SCRIPT, `http://127.0.0.1:${port}/`],
    ...["--", infoHashFile, `${PEER_COUNT}`, connection],
  ]);
  if (code !== 0) throw new Error(`Cannot run wrk: ${stderr || stdout}`);
  return parseLoadReport(stdout);
}

/** Parses the output of `wrk --latency`. @throws {Error} If it reports failed answers. */
export function parseLoadReport(text: string): AnnounceLoadResult {
  const failures = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1];
  if (failures !== undefined) {
    throw new Error(
      `Cannot take the report of wrk: ${failures} answers failed`,
    );
  }
  const rate = /^Requests\/sec:\s*([\d.]+)$/m.exec(text)?.[1];
  const p99 = /^\s*99%\s+([\d.]+)(us|ms|s|m)$/m.exec(text);
  if (rate === undefined || p99 === null) {
    throw new Error(`Cannot take the report of wrk: it says\n${text}`);
  }
  return {
    announcesPerSecond: Number(rate),
    p99Ms: Number(p99[1]) * MILLISECONDS[p99[2] as keyof typeof MILLISECONDS],
  };
}

const MILLISECONDS = { us: 0.001, ms: 1, s: 1_000, m: 60_000 } as const;

/** Info hashes in hex, the same in every run. */
export function sampleInfoHashes(count: number): string[] {
  const random = seededRandom(count);
  const byte = () => Math.floor(random() * 256).toString(16).padStart(2, "0");
  return Array.from(
    { length: count },
    () => Array.from({ length: 20 }, byte).join(""),
  );
}

/** Writes info hashes to a file, one a line. */
export async function writeInfoHashes(
  path: string,
  infoHashes: readonly string[],
): Promise<void> {
  const lines = infoHashes.map((infoHash) => `${infoHash}\n`);
  await Deno.writeTextFile(path, lines.join(""));
}
