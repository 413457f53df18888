/**
 * The clients that a benchmark compares, with one interface.
 *
 * @module
 */
import { type Client, waitUntilComplete } from "../clients/client.ts";
import { aria2, libtorrent, transmission } from "../clients/stock_clients.ts";
import { webtorrent } from "../clients/webtorrent.ts";
import { DIST, executablesMissing } from "../compile/targets.ts";
import { ExecutableHost } from "../lan/executable_host.ts";
import type { Host } from "../lan/host.ts";
import { startPeer, TORRENT_NAME } from "../lan/sharing_steps.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import { scriptArguments } from "../programs/tasks.ts";
import type { NetworkKind } from "./network.ts";
import { OURS } from "./row.ts";

export interface RunningContender {
  readonly program: RunningProgram;
  /**
   * Resolves when it reports that the whole torrent is verified and stored.
   * @throws {Error} If it ends or the time is over first.
   */
  waitUntilComplete(timeoutMs: number): Promise<unknown>;
}

export interface Contender extends Pick<Client, "name" | "missing"> {
  start(host: Host): Promise<RunningContender>;
}

/** Creates a contender that reports its completion by a line of output. */
function ownContender(
  { name, missing }: Pick<Client, "name" | "missing">,
  start: (host: Host) => RunningProgram,
  completion = /"type":"completed"/,
): Contender {
  return {
    name,
    missing,
    start(host): Promise<RunningContender> {
      const program = start(host);
      const waitUntilComplete = (timeoutMs: number) =>
        program.stdout.waitFor(completion, timeoutMs);
      return Promise.resolve({ program, waitUntilComplete });
    },
  };
}

const lanswarm = ownContender({ name: OURS, missing: undefined }, startPeer);

/** A host that runs the executables in `dist/` in place of the source. */
export function withExecutables(host: Host): Host {
  return new ExecutableHost(host, { folder: DIST, launcher: [] });
}

export const EXECUTABLE: Contender = ownContender(
  { name: `${OURS}, executable`, missing: await executablesMissing() },
  (host) => startPeer(withExecutables(host)),
);

/** The limit of programs for Deno. */
export const BARE_LOOP: Contender = ownContender(
  { name: "bare-loop", missing: undefined },
  (host) =>
    host.spawn(Deno.execPath(), [
      ...scriptArguments("scripts/clients/bare_loop.ts", [
        ...["--no-check", "-N", "-R=.", "-W=."],
      ]),
      TORRENT_NAME,
    ]),
  /^complete$/,
);

/** All clients, ours first. */
export const CONTENDERS: readonly Contender[] = [
  lanswarm,
  ...[libtorrent, aria2, webtorrent, transmission].map((client): Contender => ({
    ...client,
    async start(host): Promise<RunningContender> {
      const program = await client.start(host, TORRENT_NAME);
      return {
        program,
        waitUntilComplete: (timeoutMs) =>
          waitUntilComplete(host, program, { timeoutMs }),
      };
    },
  })),
];

/** All clients; those that the network does not suit are marked as missing. */
export function contendersOn(network: NetworkKind): readonly Contender[] {
  if (network === "namespaces") return CONTENDERS;
  const missing = "transmission connects to no peer at 127.0.0.1";
  return CONTENDERS.map((contender) =>
    contender.name === transmission.name
      ? { ...contender, missing: contender.missing ?? missing }
      : contender
  );
}
