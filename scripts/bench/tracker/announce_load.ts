/**
 * Announces by the ten thousand, of `wrk`: how many a tracker answers in a second,
 * and how long the slowest hundredth of them takes.
 *
 * @module
 */
import { runCommand } from "../../programs/running_program.ts";
import { REPOSITORY } from "../../repository.ts";

const SCRIPT = `${REPOSITORY}scripts/bench/tracker/announce.lua`;

/** Peers that announce, one after another by chance. */
const PEER_COUNT = 20_000;

/** Announces that are under way at once. */
const CONNECTION_COUNT = 32;

/** What is announced, where and how. */
export interface AnnounceLoadOptions {
  /** The tracker's port on 127.0.0.1. */
  readonly port: number;
  /** A file with info hashes in hex, one a line. */
  readonly infoHashFile: string;
  /** `close`: a connection for each announce. */
  readonly connection: "close" | "keep-alive";
  readonly seconds: number;
}

/** What came of it. */
export interface AnnounceLoadResult {
  readonly announcesPerSecond: number;
  /** In which 99 of 100 were answered, in milliseconds. */
  readonly p99Ms: number;
}

/**
 * Announces for a time.
 * @throws {Error} If `wrk` fails, or an answer is no success.
 */
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

/**
 * Reads what `wrk --latency` prints.
 * @throws {Error} If it tells of answers that are no success, or of something else.
 */
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
