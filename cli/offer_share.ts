/**
 * Offers a share that this machine has fetched, so that others find it and its
 * torrent here when the machine that shared it first is gone; and advertises shares
 * on the network.
 */
import { fromFileUrl } from "@std/path";
import type { Storage } from "../lib/peers.ts";
import {
  advertiseShares,
  ExecutableFolder,
  type ListedShare,
  multicastRefusal,
  type ShareAdvertiser,
  type ShareServer,
  type ShareServerOptions,
  startShareServer,
} from "../lib/shares.ts";
import { buildTorrentFile, createAddressFilter } from "../lib/torrents.ts";
import { TrackerStartError } from "../lib/trackers.ts";
import { invocationOf } from "./command_words.ts";
import type { Console } from "./console.ts";
import {
  isWildcard,
  listeningAddresses,
  ownNames,
  urlHosts,
} from "./lan_addresses.ts";
import type { PeerJob } from "./peer_job.ts";
import type { TorrentRun } from "./torrent_run.ts";

export async function startServer(
  job: Pick<PeerJob, "host" | "allow" | "deny">,
  options: ShareServerOptions = {},
): Promise<ShareServer> {
  const { host } = job;
  const [publicHostname] = listeningAddresses(host);
  const pageNames = ownNames();
  return await startShareServer({
    ...options,
    hostname: host,
    permits: createAddressFilter(job),
    peerCommand: invocationOf("peer"),
    executables: ownExecutables(),
    hostName: pageNames[1] ?? "",
    ...{ publicHostname, pageNames },
  });
}

/** The executables to hand to machines with nothing installed. */
function ownExecutables(): ExecutableFolder {
  if (Deno.build.standalone) return new ExecutableFolder(Deno.execPath());
  const name = Deno.build.os === "windows" ? "lanswarm.exe" : "lanswarm";
  const compiled = new URL(`../dist/${name}`, import.meta.url);
  return new ExecutableFolder(fromFileUrl(compiled));
}

/** Shares that are advertised on the network, where that is possible. */
export interface Advertiser extends AsyncDisposable {
  readonly set: (share: ListedShare) => void;
  readonly remove: (share: ListedShare) => void;
}

/** Advertises the shares of a server; warns where that is wanted but impossible. */
export async function advertise(
  { noDiscovery, host }: Pick<PeerJob, "noDiscovery" | "host">,
  { console, server: { hostName, port } }: {
    readonly console: Pick<Console, "warn">;
    readonly server: ShareServer;
  },
): Promise<Advertiser> {
  let reason = multicastRefusal();
  let advertiser: ShareAdvertiser | undefined;
  if (!noDiscovery && reason === undefined) {
    try {
      const hostname = isWildcard(host) ? undefined : host;
      advertiser = await advertiseShares({ hostname });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      reason = "another program has port 5353 for itself";
    }
  }
  if (!noDiscovery && reason !== undefined) {
    console.warn(
      `other machines find the shares of this one only by its address: ${reason}`,
    );
  }
  return {
    set: ({ id, name, sizeBytes = 0, path }) =>
      advertiser?.set({ id, name, sizeBytes, path, hostName, port }),
    remove: ({ id }) => advertiser?.remove(id),
    [Symbol.asyncDispose]: async () => await advertiser?.close(),
  };
}

/** Offers a complete torrent until it is disposed of. */
export async function offerShare(
  run: TorrentRun,
  { job, console, peerPort }: {
    readonly job: PeerJob;
    readonly console: Pick<Console, "warn">;
    readonly peerPort: number;
  },
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  try {
    const server = opened.use(await startServer(job));
    server.setPeerPort(peerPort);
    const { torrent } = run;
    server.add(torrent.name, false);
    const own = urlHosts(listeningAddresses(job.host), server.port)
      .map((host) => `http://${host}/announce`);
    const trackers = [...torrent.announce.flat(), ...own];
    const bytes = buildTorrentFile(torrent, trackers);
    const storage = (): Storage | undefined => run.storage;
    const share = await server.offer(torrent.name, { bytes, torrent, storage });
    opened.use(await advertise(job, { console, server })).set(share);
  } catch (error) {
    // Harmless: this machine goes on as a peer.
    if (!(error instanceof TrackerStartError)) throw error;
    console.warn(`others do not find this share here: ${error.message}`);
  }
  return opened.move();
}
