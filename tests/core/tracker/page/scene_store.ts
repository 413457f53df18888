/**
 * A store and a catalogue whose contents a test sets. Nothing is announced to the
 * store: the test changes its swarms.
 */
import type { InfoHash } from "../../../../lib/base/identifier.ts";
import type {
  ListedTorrent,
  TorrentCatalogue,
} from "../../../../lib/catalogue/torrent_catalogue.ts";
import type { ScrapeEntry } from "../../../../lib/announce/announce.ts";
import type {
  AnnounceOutcome,
  PeerDetails,
  PeerStore,
  StoreTotals,
  SwarmSummary,
} from "../../../../lib/tracker/store/peer_store.ts";
import { peerId } from "../../announce/samples.ts";

export interface SceneSwarm {
  readonly infoHash: InfoHash;
  readonly downloaded?: number;
  readonly contentLength?: number;
  peers: readonly PeerDetails[];
}

/** A {@linkcode PeerStore} with the swarms of a scene. */
export class SceneStore implements PeerStore {
  readonly scene: SceneSwarm[];
  swarmsReadCount = 0;
  peersReadCount = 0;

  constructor(...swarms: SceneSwarm[]) {
    this.scene = swarms;
  }

  announce(): AnnounceOutcome {
    return { type: "refused", reason: "this is a scene" };
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    return this.swarms().filter(({ infoHash }) =>
      infoHashes.includes(infoHash)
    );
  }

  swarms(): SwarmSummary[] {
    this.swarmsReadCount++;
    return this.scene.map((swarm) => {
      const seeders = swarm.peers.filter(({ isSeeder }) => isSeeder);
      return {
        infoHash: swarm.infoHash,
        complete: seeders.length,
        incomplete: swarm.peers.length - seeders.length,
        downloaded: swarm.downloaded ?? 0,
        contentLength: swarm.contentLength,
        bytesPerSecond: speedOf(swarm.peers),
      };
    });
  }

  totals(): StoreTotals {
    const swarms = this.scene;
    const peers = swarms.flatMap((swarm) => swarm.peers);
    const seederCount = peers.filter(({ isSeeder }) => isSeeder).length;
    return {
      activeSwarmCount: swarms.filter((swarm) => swarm.peers.length > 0).length,
      seederCount,
      leecherCount: peers.length - seederCount,
      downloadCount: swarms.reduce(
        (sum, { downloaded = 0 }) => sum + downloaded,
        0,
      ),
      bytesPerSecond: speedOf(peers),
    };
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    this.peersReadCount++;
    const swarm = this.scene.find((swarm) => swarm.infoHash === infoHash);
    return swarm?.peers.slice(0, limit) ?? [];
  }

  expire(): boolean {
    return false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The properties of a peer; by default those of a leecher that has just joined. */
export interface ScenePeer {
  /** The first letters of its peer id. */
  readonly id: string;
  readonly hostname: string;
  /** In bytes; 0 makes it a seeder. @default 1000 */
  readonly left?: number;
  /** In bytes. @default 0 */
  readonly downloaded?: number;
  /** @default 0 */
  readonly bytesPerSecond?: number;
  /** @default 0 */
  readonly lastSeenMs?: number;
}

export function scenePeer(
  { id, hostname, left = 1000, downloaded = 0, ...rest }: ScenePeer,
): PeerDetails {
  return {
    peerId: peerId(id),
    addresses: [{ hostname, port: 6881 }],
    isSeeder: left === 0,
    progress: { uploaded: 0, downloaded, left },
    bytesPerSecond: rest.bytesPerSecond ?? 0,
    lastSeenMs: rest.lastSeenMs ?? 0,
  };
}

/** A catalogue of these torrents, whose files cannot be read. */
export function sceneCatalogue(
  ...torrents: readonly ListedTorrent[]
): TorrentCatalogue {
  return {
    list: () => torrents,
    find: (infoHash) =>
      torrents.find((torrent) => torrent.infoHash === infoHash),
    read: () => Promise.resolve(undefined),
  };
}

function speedOf(peers: readonly PeerDetails[]): number {
  return peers.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
}
