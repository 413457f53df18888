/**
 * The clients that a benchmark compares, with one interface.
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

export interface Contender extends Pick<Client, "name" | "missing"> {
  /** Starts it on a host that has the torrent file. */
  start(host: Host): Promise<RunningProgram>;
  /**
   * Waits until it reports that the whole torrent is verified and stored.
   * @throws {Error} If it ends or the time is over first.
   */
  waitUntilComplete(
    host: Host,
    program: RunningProgram,
    options: { readonly timeoutMs: number },
  ): Promise<unknown>;
}

/** Waits for a line of output, by which our own programs report completion. */
function untilLine(line: RegExp): Contender["waitUntilComplete"] {
  return (_, { stdout }, { timeoutMs }) => stdout.waitFor(line, timeoutMs);
}

const lanswarm: Contender = {
  name: OURS,
  missing: undefined,
  start: (host) => Promise.resolve(startPeer(host)),
  waitUntilComplete: untilLine(/"type":"completed"/),
};

/** A host that runs the executables in `dist/` in place of the source. */
export function withExecutables(host: Host): Host {
  return new ExecutableHost(host, { folder: DIST, launcher: [] });
}

export const EXECUTABLE: Contender = {
  ...lanswarm,
  name: `${OURS}, executable`,
  missing: await executablesMissing(),
  start: (host) => lanswarm.start(withExecutables(host)),
};

/** The limit of programs for Deno. */
export const BARE_LOOP: Contender = {
  name: "bare-loop",
  missing: undefined,
  start: (host) => {
    const flags = ["--no-check", "-N", "-R=.", "-W=."];
    const script = scriptArguments("scripts/clients/bare_loop.ts", flags);
    const command = [...script, TORRENT_NAME];
    return Promise.resolve(host.spawn(Deno.execPath(), command));
  },
  waitUntilComplete: untilLine(/^complete$/),
};

/** All clients, ours first. */
export const CONTENDERS: readonly Contender[] = [
  lanswarm,
  ...[libtorrent, aria2, webtorrent, transmission].map((client) => ({
    ...client,
    start: (host: Host) => client.start(host, TORRENT_NAME),
    waitUntilComplete,
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
