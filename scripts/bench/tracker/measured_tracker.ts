/**
 * The trackers that are compared, started alike and asked whether they do their
 * work: one that refuses announces would be the fastest of all.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { missingProgram } from "../../clients/client.ts";
import {
  opentrackerMissing,
  startOpentracker,
} from "../../clients/opentracker.ts";
import { Host } from "../../lan/host.ts";
import type { RunningProgram } from "../../programs/running_program.ts";
import { OURS } from "../contender.ts";

/** How long a tracker may take to answer for the first time, in milliseconds. */
const START_TIMEOUT_MS = 20_000;

/** Why trackers cannot be measured here, or undefined if they can. */
export const loadMissing: string | undefined = await missingProgram("wrk");

/** A tracker that runs on 127.0.0.1. */
export interface RunningTrackerProgram extends AsyncDisposable {
  readonly port: number;
  readonly program: RunningProgram;
}

/** A tracker. */
export interface MeasuredTracker {
  readonly name: string;
  /** Why it cannot be measured here, or undefined if it can. */
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
  missing: loadMissing,
  start: (folder) => startOurTracker(folder),
};

/** Debian's opentracker. */
export const opentracker: MeasuredTracker = {
  name: "opentracker",
  missing: opentrackerMissing ?? loadMissing,
  async start(folder, infoHashes): Promise<RunningTrackerProgram> {
    const port = freePort();
    const host = localHost("opentracker", folder);
    const program = await startOpentracker(host, infoHashes, { port });
    const tracker = running(program, port);
    await waitUntilAnswering(tracker, infoHashes[0]!);
    return tracker;
  },
};

/** Starts ours with flags beside `--quiet`. */
export async function startOurTracker(
  folder: string,
  flags: readonly string[] = [],
): Promise<RunningTrackerProgram> {
  const program = localHost(OURS, folder)
    .spawnTask("tracker", ["0", "--quiet", ...flags]);
  const [, port] = await program.stdout.waitFor(
    /^announce .*:(\d+)\/announce$/,
    START_TIMEOUT_MS,
  );
  return running(program, Number(port));
}

/**
 * Announces once.
 * @throws {Error} If the tracker refuses that.
 */
export async function checkAnswer(
  port: number,
  infoHash: string,
): Promise<void> {
  const query = `info_hash=${infoHash.replaceAll(/../g, "%$&")}` +
    "&peer_id=-LS0000-000000000000&port=1023&uploaded=0&downloaded=0&left=1";
  const response = await fetch(`http://127.0.0.1:${port}/announce?${query}`);
  const text = await response.text();
  if (!text.startsWith("d") || text.includes("failure reason")) {
    throw new Error(`Cannot announce: the tracker answers ${text}`);
  }
}

function localHost(name: string, folder: string): Host {
  return new Host({ name, address: "127.0.0.1", folder });
}

function running(program: RunningProgram, port: number): RunningTrackerProgram {
  return {
    port,
    program,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** For whoever does not say which one it got. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function waitUntilAnswering(
  { port, program }: RunningTrackerProgram,
  infoHash: string,
): Promise<void> {
  let hasEnded = false;
  program.result.then(() => hasEnded = true);
  const endMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await checkAnswer(port, infoHash);
    } catch (cause) {
      // It does not listen yet.
      if (hasEnded || performance.now() > endMs) {
        await program.stop("SIGKILL");
        const { text } = program.stderr;
        throw new Error(`Cannot start the tracker: ${text}`, { cause });
      }
    }
    await delay(20);
  }
}
