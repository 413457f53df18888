/**
 * Offers a share that this machine has fetched, so that others find it and its
 * torrent here when the machine that shared it first is gone; and advertises shares
 * on the network.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import {
  advertiseShares,
  buildTorrentFile,
  createAddressFilter,
  executablesOf,
  multicastRefusal,
  type ShareAdvertiser,
  startShareServer,
  TrackerStartError,
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import type { GetJob } from "./get_job.ts";
import {
  isWildcard,
  listeningAddresses,
  ownNames,
  urlHosts,
} from "./lan_addresses.ts";
import type { JobContext } from "./program.ts";
import type { TorrentRun } from "./torrent_run.ts";

/** Advertises shares; `undefined`, after a warning unless it is wanted, where that cannot be. */
export async function advertise(
  { noDiscovery, host }: Pick<GetJob, "noDiscovery" | "host">,
  console: Pick<JobContext["console"], "warn">,
): Promise<ShareAdvertiser | undefined> {
  if (noDiscovery) return undefined;
  let reason = multicastRefusal();
  try {
    if (reason === undefined) {
      return await advertiseShares(isWildcard(host) ? {} : { hostname: host });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    reason = "another program has port 5353 for itself";
  }
  console.warn(
    `other machines find the shares of this one only by its address: ${reason}`,
  );
  return undefined;
}

/** The executables to hand to machines with nothing installed. */
export function ownExecutables(): ReturnType<typeof executablesOf> {
  const compiled = new URL(
    `../dist/lanswarm${Deno.build.os === "windows" ? ".exe" : ""}`,
    import.meta.url,
  );
  return executablesOf(
    Deno.build.standalone ? Deno.execPath() : fromFileUrl(compiled),
  );
}

/** Options for {@linkcode offerShare}. */
export interface OfferShareOptions {
  readonly job: GetJob;
  readonly console: JobContext["console"];
  readonly peerPort: number;
}

/** Offers a complete torrent until it is disposed of. */
export async function offerShare(
  run: TorrentRun,
  { job, console, peerPort }: OfferShareOptions,
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const [, hostName = ""] = ownNames();
  const hostnames = listeningAddresses(job.host);
  try {
    const server = opened.use(
      await startShareServer({
        ...isWildcard(job.host) ? {} : { hostname: job.host! },
        permits: createAddressFilter(job),
        peerCommand: invocationOf("peer"),
        executables: ownExecutables(),
        hostName,
        ...hostnames.length > 0 && { publicHostname: hostnames[0]! },
        pageNames: ownNames(),
      }),
    );
    const { port } = server;
    server.setPeerPort(peerPort);
    const { torrent } = run;
    server.add(torrent.name, false);
    const announce = [
      ...torrent.announce.flat(),
      ...urlHosts(hostnames, port).map((host) => `http://${host}/announce`),
    ];
    const share = await server.offer(torrent.name, {
      bytes: buildTorrentFile(torrent, announce),
      torrent,
      storage: () => run.storage,
    });
    const advertiser = await advertise(job, console);
    if (advertiser !== undefined) opened.use(advertiser);
    const { id, name, sizeBytes = 0, path } = share;
    advertiser?.set({ id, name, sizeBytes, path, hostName, port });
  } catch (error) {
    // Harmless: this machine goes on as a peer.
    if (!(error instanceof TrackerStartError)) throw error;
    console.warn(`others do not find this share here: ${error.message}`);
  }
  return opened.move();
}
