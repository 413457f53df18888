/**
 * What the tracker prints: where it can be reached, and one line for each thing
 * that happens in a swarm, for people or as JSON. Pure: values in, text out.
 *
 * @module
 */
import { formatPeerAddress, type SwarmChange } from "../mod.ts";
import { plural } from "./quantity.ts";

/** Where a tracker can be reached; the first of each is the one to give to others. */
export interface TrackerUrls {
  readonly announce: readonly string[];
  readonly stats: readonly string[];
}

/** The URLs of a tracker on these hosts, best first. */
export function trackerUrls(
  hostnames: readonly string[],
  port: number,
): TrackerUrls {
  const bases = hostnames.map((hostname) =>
    `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
  );
  return {
    announce: bases.map((base) => `${base}/announce`),
    stats: bases.map((base) => `${base}/stats`),
  };
}

/** How the programs are called that come next. */
export interface StartHints {
  readonly create: string;
  readonly peer: string;
}

/** The lines that a tracker begins with, with or without what comes next. */
export function formatStart(
  urls: TrackerUrls,
  hints: StartHints | undefined,
): string[] {
  const [announce, ...others] = urls.announce;
  const lines = [
    `announce   ${announce}`,
    ...others.map((url) => `or         ${url}`),
    `stats      ${urls.stats[0]}`,
  ];
  if (hints === undefined) return lines;
  return [
    ...lines,
    `to share   ${hints.create} FILE ${announce}`,
    `           then on every machine: ${hints.peer} FILE.torrent`,
    "Ctrl+C stops the tracker.",
  ];
}

/** `12:30:05 joined 192.168.1.5:6881 in 0123abcd… (1 seeder, 2 leechers)` */
export function formatChange(change: SwarmChange, time: Date): string {
  const { type, address, swarm } = change;
  const clock = time.toTimeString().slice(0, 8);
  return `${clock} ${type} ${formatPeerAddress(address)} in ${
    swarm.infoHash.slice(0, 8)
  }… (${plural(swarm.complete, "seeder")}, ${
    plural(swarm.incomplete, "leecher")
  })`;
}

/** The same as values for a line of JSON. */
export function changeToJson(
  change: SwarmChange,
  time: Date,
): Record<string, string | number> {
  const { type, address, peerId, swarm } = change;
  return {
    type,
    time: time.toISOString(),
    infoHash: swarm.infoHash,
    peerId,
    address: formatPeerAddress(address),
    seeders: swarm.complete,
    leechers: swarm.incomplete,
    downloads: swarm.downloaded,
  };
}
