/**
 * The clients that a benchmark compares, with one interface.
 *
 * @module
 */
import { aria2 } from "../clients/aria2.ts";
import { type Client, waitUntilComplete } from "../clients/client.ts";
import { libtorrent } from "../clients/libtorrent.ts";
import { transmission } from "../clients/transmission.ts";
import { webtorrent } from "../clients/webtorrent.ts";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import type { NetworkKind } from "./network.ts";
import { startPeer, TORRENT_NAME } from "../lan/sharing_steps.ts";

/** Our name in every table. */
export const OURS = "lanswarm";

/** A running client. */
export interface RunningContender {
  readonly program: RunningProgram;
  /**
   * Resolves when it reports that the whole torrent is verified and stored.
   * @throws {Error} If it ends or the time is over first.
   */
  waitUntilComplete(timeoutMs: number): Promise<unknown>;
}

/** A client that seeds and downloads. */
export interface Contender extends Pick<Client, "name" | "missing"> {
  /** Starts it as {@linkcode Client.start} does. */
  start(host: Host): Promise<RunningContender>;
}

const lanswarm: Contender = {
  name: OURS,
  missing: undefined,
  start(host): Promise<RunningContender> {
    const program = startPeer(host);
    const waitUntilComplete = (timeoutMs: number) =>
      program.stdout.waitFor(/"type":"completed"/, timeoutMs);
    return Promise.resolve({ program, waitUntilComplete });
  },
};

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
