/**
 * The trackers that are compared. Each is checked: one that refuses announces would
 * be the fastest of all.
 */
import { delay } from "@std/async/delay";
import { missingProgram } from "../../clients/client.ts";
import {
  opentrackerMissing,
  startOpentracker,
} from "../../clients/stock_clients.ts";
import { Host } from "../../lan/host.ts";
import type { RunningProgram } from "../../programs/running_program.ts";
import { OURS } from "../row.ts";
import { percentEscaped } from "./announce_load.ts";

const START_TIMEOUT_MS = 20_000;

const wrkMissing = await missingProgram("wrk");

interface RunningTrackerProgram extends AsyncDisposable {
  readonly port: number;
  readonly program: RunningProgram;
}

interface MeasuredTracker {
  readonly name: string;
  readonly missing: string | undefined;
  /** Starts it in a folder for some torrents, by their info hashes in hex. */
  start(
    folder: string,
    infoHashes: readonly string[],
  ): Promise<RunningTrackerProgram>;
}

/** Ours as a user starts it, but without a line for each event. */
export const ourTracker: MeasuredTracker = {
  name: OURS,
  missing: wrkMissing,
  start: (folder) => startOurTracker(folder),
};

export const opentracker: MeasuredTracker = {
  name: "opentracker",
  missing: opentrackerMissing ?? wrkMissing,
  async start(folder, infoHashes): Promise<RunningTrackerProgram> {
    // It does not print the port of its choice.
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const host = localHost("opentracker", folder);
    const program = await startOpentracker(host, infoHashes, port);
    await waitUntilAnswering(program, port, infoHashes[0]!);
    return running(program, port);
  },
};

/** Starts ours with flags beside `--quiet`, perhaps on a host with the executables. */
export async function startOurTracker(
  folder: string,
  flags: readonly string[] = [],
  toHost: (host: Host) => Host = (host) => host,
): Promise<RunningTrackerProgram> {
  const program = toHost(localHost(OURS, folder))
    .spawnTask("tracker", ["0", "--quiet", ...flags]);
  const [, port] = await program.stdout.waitFor(
    /^announce .*:(\d+)\/announce$/,
    START_TIMEOUT_MS,
  );
  return running(program, Number(port));
}

/** Announces a peer once. @throws {Error} If the tracker does not answer with peers. */
export async function announceOnce(
  port: number,
  infoHash: string,
  peer = 0,
): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const path = `/announce?info_hash=${percentEscaped(infoHash)}` +
    `&peer_id=-LS0000-${`${peer}`.padStart(12, "0")}&port=${1024 + peer}` +
    "&uploaded=0&downloaded=0&left=1&compact=1";
  const head = `GET ${path} HTTP/1.1\r\nHost: tracker\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const answer = new Uint8Array(4096);
  const length = await connection.read(answer);
  const text = new TextDecoder().decode(answer.subarray(0, length ?? 0));
  if (!/^HTTP\/1\.1 200 .*8:interval/s.test(text)) {
    throw new Error(`Cannot announce: the tracker answers ${text}`);
  }
}

function localHost(name: string, folder: string): Host {
  return new Host({ name, address: "127.0.0.1", folder });
}

function running(program: RunningProgram, port: number): RunningTrackerProgram {
  const dispose = () => program[Symbol.asyncDispose]();
  return { port, program, [Symbol.asyncDispose]: dispose };
}

async function waitUntilAnswering(
  program: RunningProgram,
  port: number,
  infoHash: string,
): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await announceOnce(port, infoHash);
    } catch (cause) {
      if (performance.now() > endMs) {
        await program.stop("SIGKILL");
        const { text } = program.stderr;
        throw new Error(`Cannot start the tracker: ${text}`, { cause });
      }
    }
    await delay(20);
  }
}
