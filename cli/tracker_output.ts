/**
 * What the tracker prints: where it can be reached, and one line for each thing
 * that happens in a swarm, for people or as JSON. Pure: values in, text out.
 *
 * @module
 */
import {
  type AnnounceEntry,
  formatPeerAddress,
  type ListedTorrent,
  type PickedPeers,
  type SwarmChange,
} from "../mod.ts";
import { formatSize, plural } from "./quantity.ts";

/** Where a tracker can be reached; the first of each is the one to give to others. */
export interface TrackerUrls {
  /** Those over UDP last. */
  readonly announce: readonly string[];
  readonly stats: readonly string[];
}

/** What a tracker speaks beside HTTP. */
export interface TrackerUrlsOptions {
  readonly udp: boolean;
}

/** The URLs of a tracker on these hosts, best first. */
export function trackerUrls(
  hostnames: readonly string[],
  port: number,
  { udp }: TrackerUrlsOptions,
): TrackerUrls {
  const places = hostnames.map((hostname) =>
    `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
  );
  return {
    announce: (udp ? ["http", "udp"] : ["http"]).flatMap((scheme) =>
      places.map((place) => `${scheme}://${place}/announce`)
    ),
    stats: places.map((place) => `http://${place}/stats`),
  };
}

/** How the programs are called that come next. */
export interface StartHints {
  readonly create: string;
  readonly peer: string;
}

/** A folder of torrent files that the tracker serves. */
export interface ServedFolder {
  /** As a word of a command. */
  readonly path: string;
  readonly torrentCount: number;
}

/** What a tracker tells of itself as it begins. */
export interface TrackerStart {
  readonly urls: TrackerUrls;
  readonly folder: ServedFolder | undefined;
  /** What comes next; `undefined` if nobody wants to know. */
  readonly hints: StartHints | undefined;
}

/** The lines that a tracker begins with. */
export function formatStart({ urls, folder, hints }: TrackerStart): string[] {
  const [announce, ...others] = urls.announce;
  const lines = [
    `announce   ${announce}`,
    ...others.map((url) => `or         ${url}`),
    `stats      ${urls.stats[0]}`,
  ];
  if (hints === undefined) return lines;
  return [
    ...lines,
    ...folder === undefined
      ? []
      : [`torrents   ${folder.torrentCount} in ${folder.path}`],
    ...formatSteps(announce!, folder, hints),
    "Ctrl+C stops the tracker.",
  ];
}

/** How a file is shared, by way of the folder if there is one. */
function formatSteps(
  announce: string,
  folder: ServedFolder | undefined,
  { create, peer }: StartHints,
): string[] {
  if (folder === undefined) {
    return [
      `to share   ${create} FILE ${announce}`,
      `           then on every machine: ${peer} FILE.torrent`,
    ];
  }
  const file = `${folder.path}/FILE.torrent`;
  const url = new URL("torrents/FILE.torrent", announce);
  return [
    `to share   ${create} FILE ${announce} ${file}`,
    `           then here: ${peer} ${file}`,
    `           then on every other machine: ${peer} ${url}`,
  ];
}

/** `12:30:05 joined 192.168.1.5:6881 in 0123abcd… (1 seeder, 2 leechers)` */
export function formatChange(change: SwarmChange, time: Date): string {
  const { type, address, swarm } = change;
  return `${clockOf(time)} ${type} ${formatPeerAddress(address)} in ${
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

/**
 * `12:30:05 192.168.1.5:6881 started 0123abcd… lacking 1.2 GiB: given 50 peers (1
 * seeder, 2 leechers)`, or `…: refused, the peer id is in use at another address`.
 */
export function formatAnnounce(
  { announce, outcome }: AnnounceEntry,
  time: Date,
): string {
  const { address, event, infoHash, isSeeder, progress } = announce;
  const state = isSeeder ? "complete" : `lacking ${formatSize(progress.left)}`;
  const result = outcome.type === "refused"
    ? `refused, ${outcome.reason}`
    : `given ${plural(givenCount(outcome.peers), "peer")} (${
      plural(outcome.swarm.complete, "seeder")
    }, ${plural(outcome.swarm.incomplete, "leecher")})`;
  return `${clockOf(time)} ${formatPeerAddress(address)} ${event} ${
    infoHash.slice(0, 8)
  }… ${state}: ${result}`;
}

/** The same as values for a line of JSON. */
export function announceToJson(
  { announce, outcome }: AnnounceEntry,
  time: Date,
): Record<string, string | number> {
  const { address, event, infoHash, numwant, peerId, progress } = announce;
  return {
    type: "announce",
    time: time.toISOString(),
    infoHash,
    peerId,
    address: formatPeerAddress(address),
    event,
    ...progress,
    numwant,
    ...outcome.type === "refused" ? { refused: outcome.reason } : {
      given: givenCount(outcome.peers),
      seeders: outcome.swarm.complete,
      leechers: outcome.swarm.incomplete,
      downloads: outcome.swarm.downloaded,
    },
  };
}

/** Addresses in a reply: 6 bytes each of IPv4, 18 of IPv6. */
function givenCount({ ipv4, ipv6 }: PickedPeers): number {
  return ipv4.length / 6 + ipv6.length / 18;
}

/** `12:30:05 listed photos.torrent: photos, 1.3 GiB`; not yet fit for a terminal. */
export function formatListing(
  type: "listed" | "unlisted",
  { fileName, name, length }: ListedTorrent,
  time: Date,
): string {
  return `${clockOf(time)} ${type} ${fileName}: ${name}, ${formatSize(length)}`;
}

/** The same as values for a line of JSON. */
export function listingToJson(
  type: "listed" | "unlisted",
  { fileName, infoHash, name, length, fileCount }: ListedTorrent,
  time: Date,
): Record<string, string | number> {
  return {
    type,
    time: time.toISOString(),
    infoHash,
    fileName,
    name,
    length,
    fileCount,
  };
}

function clockOf(time: Date): string {
  return time.toTimeString().slice(0, 8);
}
