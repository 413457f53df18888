/**
 * The tracker's numbers for Prometheus. The numbers of single torrents are given
 * of the busiest only: each torrent is a time series of its own, which somebody
 * has to store.
 *
 * @module
 */
import type GaugeType from "prom-client/gauge";
import { VERSION } from "../../base/version.ts";
import { shownText } from "./html.ts";
import type { Reading, TorrentState } from "./tracker_snapshot.ts";
import { selectTorrents } from "./torrent_table.ts";

/** Torrents with numbers of their own. */
export const MAX_METRIC_TORRENTS = 50;

/** What is told. */
export interface MetricsOptions {
  readonly reading: Reading;
  readonly uptimeSeconds: number;
  /** Pages that are kept up to date. */
  readonly listenerCount: number;
}

/** Text and its media type. */
export interface Metrics {
  readonly text: string;
  readonly contentType: string;
}

/** Writes them in Prometheus' text format. */
export async function renderMetrics(
  { reading, uptimeSeconds, listenerCount }: MetricsOptions,
): Promise<Metrics> {
  // Only where somebody scrapes it: a tracker starts without it.
  const { default: Registry } = await import("prom-client/registry");
  const { default: Gauge } = await import("prom-client/gauge");
  const { default: Counter } = await import("prom-client/counter");
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, value: number): void => {
    new Gauge({ name: `lanswarm_${name}`, help, registers }).set(value);
  };

  const { totals, torrents } = reading;
  new Gauge({
    name: "lanswarm_build_info",
    help: "Always 1; the version is the label",
    labelNames: ["version"],
    registers,
  }).set({ version: VERSION }, 1);
  gauge("uptime_seconds", "Time since the tracker started", uptimeSeconds);
  gauge("torrents", "Torrents that are known or listed", torrents.length);
  gauge(
    "torrents_active",
    "Torrents with at least one peer",
    totals.activeSwarmCount,
  );
  gauge("seeders", "Peers that have everything", totals.seederCount);
  gauge("leechers", "Peers that lack something", totals.leecherCount);
  gauge(
    "bytes_per_second",
    "How fast all peers together receive",
    totals.bytesPerSecond,
  );
  gauge("page_listeners", "Pages that are kept up to date", listenerCount);
  new Counter({
    name: "lanswarm_downloads_completed_total",
    help: "Peers that announced that they completed a torrent",
    registers,
  }).inc(totals.downloadCount);

  const labelNames = ["info_hash", "name"] as const;
  const ofTorrent = (name: string, help: string): GaugeType<Label> =>
    new Gauge({
      name: `lanswarm_torrent_${name}`,
      help,
      labelNames,
      registers,
    });
  const seeders = ofTorrent(
    "seeders",
    "Peers of a torrent that have everything",
  );
  const leechers = ofTorrent(
    "leechers",
    "Peers of a torrent that lack something",
  );
  const speed = ofTorrent(
    "bytes_per_second",
    "How fast all peers of a torrent together receive",
  );
  const completed = new Counter({
    name: "lanswarm_torrent_downloads_completed_total",
    help: "Peers that announced that they completed this torrent",
    labelNames,
    registers,
  });
  for (const torrent of chosenTorrents(torrents)) {
    const labels = {
      info_hash: torrent.infoHash,
      name: shownText(torrent.name ?? ""),
    };
    seeders.set(labels, torrent.seeders);
    leechers.set(labels, torrent.leechers);
    speed.set(labels, torrent.bytesPerSecond);
    completed.inc(labels, torrent.downloads);
  }
  return { text: await registry.metrics(), contentType: registry.contentType };
}

type Label = "info_hash" | "name";

/** The busiest, those whose files the tracker has before strangers. */
function chosenTorrents(torrents: readonly TorrentState[]): TorrentState[] {
  const { shown } = selectTorrents(torrents, { search: "", order: undefined });
  const listed = shown.filter(({ file }) => file !== undefined);
  const others = shown.filter(({ file }) => file === undefined);
  return [...listed, ...others].slice(0, MAX_METRIC_TORRENTS);
}
