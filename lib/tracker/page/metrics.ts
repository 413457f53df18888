/**
 * The tracker's numbers for Prometheus. Only the busiest torrents have numbers of
 * their own: each torrent is a time series that somebody has to store.
 *
 * @module
 */
import { VERSION } from "../../base/version.ts";
import { shownText } from "./html.ts";
import { selectRows } from "./table.ts";
import { TORRENT_TABLE } from "./overview.ts";
import type { TorrentState, TrackerSnapshot } from "./tracker_snapshot.ts";

const MAX_TORRENTS = 50;

/** Torrents that those are chosen from: the busiest. */
const CANDIDATES = { search: "", order: undefined, rowCount: 300 };

/** A gauge with values for several labels. */
export interface MetricFamily {
  /** Without `lanswarm_`. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Writes the metrics in Prometheus' text format. */
export async function renderMetrics(
  { totals, torrents }: TrackerSnapshot,
  { uptimeSeconds, streamCount }: Record<
    "uptimeSeconds" | "streamCount",
    number
  >,
  others: readonly MetricFamily[] = [],
): Promise<{ readonly body: string; readonly type: string }> {
  // Loaded at the first scrape, so that a tracker starts without it.
  const { default: Registry } = await import("prom-client/registry");
  const { default: Gauge } = await import("prom-client/gauge");
  const { default: Counter } = await import("prom-client/counter");
  const registry = new Registry();
  const registers = [registry];
  const gauges: [name: string, value: number, help: string][] = [
    ["uptime_seconds", uptimeSeconds, "Time since the tracker started"],
    ["torrents", torrents.length, "Torrents that were announced or are listed"],
    ["torrents_active", totals.activeSwarmCount, "Torrents with peers"],
    ["seeders", totals.seederCount, "Peers that have everything"],
    ["leechers", totals.leecherCount, "Peers that lack something"],
    ["bytes_per_second", totals.bytesPerSecond, "Receive rate of all peers"],
    ["page_listeners", streamCount, "Open pages that receive events"],
  ];
  const families: MetricFamily[] = [
    ...gauges.map(([name, value, help]) => (
      { name, help, samples: [{ labels: {}, value }] }
    )),
    {
      name: "build_info",
      help: "Always 1; the label is the version",
      samples: [{ labels: { version: VERSION }, value: 1 }],
    },
    ...others,
  ];
  for (const { name, help, samples } of families) {
    const labelNames = Object.keys(samples[0]?.labels ?? {});
    const gauge = new Gauge({
      ...{ name: `lanswarm_${name}`, help, labelNames, registers },
    });
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
  const name = "lanswarm_downloads_completed_total";
  new Counter({ name, help: "Completed downloads", registers })
    .inc(totals.downloadCount);

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
  for (const torrent of chosenTorrents(torrents)) {
    const name = shownText(torrent.name ?? "");
    const labels = { info_hash: torrent.infoHash, name };
    seeders.set(labels, torrent.seeders);
    leechers.set(labels, torrent.leechers);
    speed.set(labels, torrent.bytesPerSecond);
    completed.inc(labels, torrent.downloads);
  }
  return { body: await registry.metrics(), type: registry.contentType };
}

/** The busiest torrents, those whose files the tracker offers first. */
function chosenTorrents(torrents: readonly TorrentState[]): TorrentState[] {
  const { shown } = selectRows(torrents, TORRENT_TABLE, CANDIDATES);
  const { listed = [], others = [] } = Object.groupBy(
    shown,
    ({ file }) => file === undefined ? "others" : "listed",
  );
  return [...listed, ...others].slice(0, MAX_TORRENTS);
}
