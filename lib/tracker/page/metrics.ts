/**
 * The tracker's numbers for Prometheus. Only the busiest torrents have numbers of
 * their own: each torrent is a time series that somebody has to store.
 *
 * @module
 */
import { VERSION } from "../../base/version.ts";
import { shownText } from "./html.ts";
import { selectRows } from "./table.ts";
import { TORRENT_TABLE } from "./torrent_table.ts";
import type { TorrentState, TrackerSnapshot } from "./tracker_snapshot.ts";
import { DEFAULT_ROW_COUNT } from "./view.ts";

/** Torrents with numbers of their own at most. */
export const MAX_METRIC_TORRENTS = 50;

/** What metrics are written from. */
export interface MetricsOptions {
  readonly snapshot: TrackerSnapshot;
  readonly uptimeSeconds: number;
  /** Open event streams. */
  readonly streamCount: number;
}

/** A text and its media type. */
export interface Metrics {
  readonly text: string;
  readonly contentType: string;
}

/** Writes the metrics in Prometheus' text format. */
export async function renderMetrics(
  { snapshot, uptimeSeconds, streamCount }: MetricsOptions,
): Promise<Metrics> {
  // Loaded at the first scrape, so that a tracker starts without it.
  const { default: Registry } = await import("prom-client/registry");
  const { default: Gauge } = await import("prom-client/gauge");
  const { default: Counter } = await import("prom-client/counter");
  const { totals, torrents } = snapshot;
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: "lanswarm_build_info",
    help: "Always 1; the label is the version",
    labelNames: ["version"],
    registers,
  }).set({ version: VERSION }, 1);
  const gauges: [name: string, help: string, value: number][] = [
    ["uptime_seconds", "Time since the tracker started", uptimeSeconds],
    ["torrents", "Torrents that were announced or are listed", torrents.length],
    ["torrents_active", "Torrents with peers", totals.activeSwarmCount],
    ["seeders", "Peers that have everything", totals.seederCount],
    ["leechers", "Peers that lack something", totals.leecherCount],
    [
      ...["bytes_per_second", "Receive rate of all peers together"] as const,
      totals.bytesPerSecond,
    ],
    ["page_listeners", "Pages that are open and live", streamCount],
  ];
  for (const [name, help, value] of gauges) {
    new Gauge({ name: `lanswarm_${name}`, help, registers }).set(value);
  }
  new Counter({
    name: "lanswarm_downloads_completed_total",
    help: "Downloads that peers announced as completed",
    registers,
  }).inc(totals.downloadCount);

  const ofTorrent = (name: string, help: string) => ({
    name: `lanswarm_torrent_${name}`,
    help: `${help} of one torrent`,
    labelNames: ["info_hash", "name"] as const,
    registers,
  });
  const seeders = new Gauge(ofTorrent("seeders", "Seeders"));
  const leechers = new Gauge(ofTorrent("leechers", "Leechers"));
  const speed = new Gauge(ofTorrent("bytes_per_second", "Receive rate"));
  const completed = new Counter(
    ofTorrent("downloads_completed_total", "Completed downloads"),
  );
  for (const torrent of busiestTorrents(torrents)) {
    const name = shownText(torrent.name ?? "");
    const labels = { info_hash: torrent.infoHash, name };
    seeders.set(labels, torrent.seeders);
    leechers.set(labels, torrent.leechers);
    speed.set(labels, torrent.bytesPerSecond);
    completed.inc(labels, torrent.downloads);
  }
  return { text: await registry.metrics(), contentType: registry.contentType };
}

/** The busiest torrents; those whose files the tracker offers before strangers. */
function busiestTorrents(torrents: readonly TorrentState[]): TorrentState[] {
  const query = { search: "", order: undefined, rowCount: DEFAULT_ROW_COUNT };
  const { shown } = selectRows(torrents, TORRENT_TABLE, query);
  const listed = shown.filter(({ file }) => file !== undefined);
  const others = shown.filter(({ file }) => file === undefined);
  return [...listed, ...others].slice(0, MAX_METRIC_TORRENTS);
}
