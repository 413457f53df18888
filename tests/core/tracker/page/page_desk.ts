/**
 * The routes of a page over a scene, and requests to them.
 */
import type { HttpResponse } from "../../../../lib/http/response.ts";
import { infoHashFromHex } from "../../../../lib/base/identifier.ts";
import type { ListedTorrent } from "../../../../lib/catalogue/torrent_catalogue.ts";
import type { TrackerRequest } from "../../../../lib/tracker/http_handler.ts";
import {
  TrackerPage,
  type TrackerPageOptions,
} from "../../../../lib/tracker/page/tracker_page.ts";
import { SpeedHistory } from "../../../../lib/tracker/page/speed_history.ts";
import {
  type PageSources,
  SnapshotReader,
} from "../../../../lib/tracker/page/tracker_snapshot.ts";
import { infoHash, text } from "../../announce/samples.ts";
import { getRequest } from "../http_tracker.ts";
import { sceneCatalogue, scenePeer, SceneStore } from "./scene_store.ts";

/** A page, and requests to it by a browser at 192.0.2.1, by default at second 61 of the clock. */
export interface PageDesk {
  readonly page: TrackerPage;
  readonly store: SceneStore;
  get(
    address: string,
    changes?: Partial<TrackerRequest>,
    nowMs?: number,
  ): Promise<HttpResponse>;
}

/** The page of a tracker that started at second 0. */
export function pageOf(
  store: SceneStore,
  options: Partial<TrackerPageOptions> = {},
): TrackerPage {
  return new TrackerPage({
    store,
    startedAtMs: 0,
    peerTimeoutMs: 180_000,
    peerCommand: "peer",
    origin: () => "http://TRACKER",
    pause: () => Promise.resolve(),
    ...options,
  });
}

export function deskOf(
  store: SceneStore,
  options: Partial<TrackerPageOptions> = {},
): PageDesk {
  const page = pageOf(store, options);
  return {
    page,
    store,
    get: async (address, changes = {}, nowMs = 61_000) => {
      const request = getRequest(address, {
        header: (name) => name === "host" ? "tracker.lan:8000" : undefined,
        ...changes,
      });
      return await page.routes.get(request.path)!(request, nowMs);
    },
  };
}

/** The sources of a view of the scene, at second 61. */
export function sourcesOf(
  store: SceneStore,
  listed: readonly ListedTorrent[] = [],
): PageSources {
  const snapshots = new SnapshotReader(store, sceneCatalogue(...listed));
  return {
    snapshot: snapshots.read("fresh", 61_000),
    store,
    history: new SpeedHistory(),
    silentAfterMs: 150_000,
    peerCommand: "peer",
    startedAtMs: 0,
    nowMs: 61_000,
  };
}

/** A tracker with ten thousand torrents. */
export function largeScene(): SceneStore {
  const peers = [scenePeer({ id: "s", hostname: "192.0.2.1", left: 0 })];
  return new SceneStore(
    ...Array.from({ length: 10_000 }, (_, number) => ({
      infoHash: infoHashFromHex(number.toString(16).padStart(40, "0")),
      peers,
    })),
  );
}

/** A seeder, and a leecher at 192.0.2.2 that is half done. */
export function lab(): SceneStore {
  return new SceneStore({
    infoHash: infoHash("a"),
    contentLength: 1000,
    downloaded: 1,
    peers: [
      scenePeer({ id: "-LS0001-s", hostname: "192.0.2.1", left: 0 }),
      scenePeer({
        id: "-qB4520-f",
        hostname: "192.0.2.2",
        left: 500,
        bytesPerSecond: 2.4,
        lastSeenMs: 51_000,
      }),
    ],
  });
}

export const LISTED = {
  infoHash: infoHash("b"),
  name: "image",
  length: 5,
  fileCount: 1,
  fileName: "my image.torrent",
};

export async function bodyOf({ body }: HttpResponse): Promise<string> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  let whole = "";
  for await (const chunk of body) whole += text(chunk);
  return whole;
}
