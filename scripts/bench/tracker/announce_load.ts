/**
 * Loads a tracker: by `wrk`, which measures the announces that it answers in a second
 * and the 99th percentile of the times that they take, or with peers to keep.
 */
import { seededRandom } from "../../../lib/base/random.ts";
import { runChecked } from "../../programs/running_program.ts";
import { REPOSITORY } from "../../programs/tasks.ts";

const SCRIPT = `${REPOSITORY}scripts/bench/tracker/announce.lua`;

const PEER_COUNT = 20_000;
const CONNECTION_COUNT = 32;

interface AnnounceLoadResult {
  readonly announcesPerSecond: number;
  readonly p99Ms: number;
}

/** Announces for a time. @throws {Error} If `wrk` fails, or an answer is no success. */
export async function runAnnounceLoad(
  { port, infoHashFile, connection, seconds }: {
    /** The tracker's port on 127.0.0.1. */
    readonly port: number;
    /** A file with info hashes in hex, one a line. */
    readonly infoHashFile: string;
    /** `close`: a connection for each announce. */
    readonly connection: "close" | "keep-alive";
    readonly seconds: number;
  },
): Promise<AnnounceLoadResult> {
  return parseLoadReport(
    await runChecked("wrk", [
      ...["-t1", `-c${CONNECTION_COUNT}`, `-d${seconds}s`, "--latency"],
      ...["-s", SCRIPT, `http://127.0.0.1:${port}/`],
      ...["--", infoHashFile, `${PEER_COUNT}`, connection],
    ]),
  );
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

/** An info hash in hex as a query contains it. */
export function percentEscaped(infoHash: string): string {
  return infoHash.replaceAll(/../g, "%$&");
}

const LOADING_COUNT = 4;
const BATCH_LENGTH = 250;

/**
 * Fills a tracker: each peer announces once, from an address of its own in the header
 * of a proxy. Announces are pipelined on few connections, so that the tracker limits
 * the speed. @throws {Error} If a connection breaks.
 */
export async function loadPeers({ port, infoHashes, peerCount }: {
  /** The tracker's port on 127.0.0.1. It must trust proxies. */
  readonly port: number;
  /** In hex; peers are spread evenly. */
  readonly infoHashes: readonly string[];
  /** At most 2 ** 24: each has an address of 10.0.0.0/8. */
  readonly peerCount: number;
}): Promise<void> {
  const escaped = infoHashes.map(percentEscaped);
  let nextPeer = 0;
  await Promise.all(Array.from({ length: LOADING_COUNT }, async () => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    while (nextPeer < peerCount) {
      const end = Math.min(nextPeer + BATCH_LENGTH, peerCount);
      let text = "";
      const count = end - nextPeer;
      for (; nextPeer < end; nextPeer++) {
        text += announceOf(nextPeer, escaped[nextPeer % escaped.length]!);
      }
      const [answerCount] = await Promise.all([
        receiveAnswers(connection, count),
        send(connection, text),
      ]);
      if (answerCount < count) throw new Error("Cannot announce: it hung up");
    }
  }));
}

function announceOf(peer: number, infoHash: string): string {
  const id = String(peer).padStart(12, "0");
  // One in eight has it all.
  const left = peer % 8 === 0 ? 0 : 1024 * 1024;
  const address = `10.${peer >>> 16 & 255}.${peer >>> 8 & 255}.${peer & 255}`;
  return `GET /announce?info_hash=${infoHash}&peer_id=-LS0000-${id}&port=6881` +
    `&uploaded=0&downloaded=0&left=${left}&compact=1&numwant=0 HTTP/1.1\r\n` +
    `Host: tracker\r\nX-Forwarded-For: ${address}\r\n\r\n`;
}

async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
}

/**
 * Counts the heads of answers without peers; their bodies have no empty line.
 * @returns Fewer than `count` if the connection ends.
 */
async function receiveAnswers(
  connection: Deno.TcpConn,
  count: number,
): Promise<number> {
  const bytes = new Uint8Array(65536);
  let text = "";
  for (;;) {
    const answerCount = text.split("\r\n\r\n").length - 1;
    if (answerCount >= count) return answerCount;
    const length = await connection.read(bytes);
    if (length === null) return answerCount;
    text += new TextDecoder("latin1").decode(bytes.subarray(0, length));
  }
}
