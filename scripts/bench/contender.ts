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
import type { ProgramResult } from "../programs/running_program.ts";
import type { NetworkKind } from "./network.ts";
import { startPeer, TORRENT_NAME } from "../lan/sharing_steps.ts";

/** Our name in every table. */
export const OURS = "lanswarm";

/** A running client. */
export interface RunningContender {
  readonly pid: number;
  /** Resolves at its end, which it should not reach by itself. */
  readonly result: Promise<ProgramResult>;
  /**
   * Resolves when it reports that the whole torrent is verified and stored.
   * @throws {Error} If it ends or the time is over first.
   */
  waitUntilComplete(timeoutMs: number): Promise<void>;
}

/** A client that seeds and downloads. */
export interface Contender {
  readonly name: string;
  /** The reason why it cannot be measured; undefined if it can. */
  readonly missing: string | undefined;
  /**
   * Starts it with the torrent file in the host's folder. It seeds existing content,
   * downloads the rest and runs until the host ends.
   */
  start(host: Host): Promise<RunningContender>;
}

const lanswarm: Contender = {
  name: OURS,
  missing: undefined,
  start(host: Host): Promise<RunningContender> {
    const peer = startPeer(host);
    return Promise.resolve({
      pid: peer.pid,
      result: peer.result,
      async waitUntilComplete(timeoutMs: number): Promise<void> {
        await peer.stdout.waitFor(/"type":"completed"/, timeoutMs);
      },
    });
  },
};

/** All clients, ours first. */
export const CONTENDERS: readonly Contender[] = [
  lanswarm,
  ...[libtorrent, aria2, webtorrent, transmission].map(fromClient),
];

/** All clients; those that the network does not suit are marked as missing. */
export function contendersOn(network: NetworkKind): readonly Contender[] {
  if (network === "namespaces") return CONTENDERS;
  return CONTENDERS.map((contender) => ({
    ...contender,
    missing: contender.missing ??
      (contender.name === transmission.name
        ? "transmission connects to no peer at 127.0.0.1"
        : undefined),
  }));
}

function fromClient(client: Client): Contender {
  return {
    name: client.name,
    missing: client.missing,
    async start(host: Host): Promise<RunningContender> {
      const program = await client.start(host, TORRENT_NAME);
      return {
        pid: program.pid,
        result: program.result,
        waitUntilComplete: (timeoutMs) =>
          waitUntilComplete(host, program, { timeoutMs }),
      };
    },
  };
}
