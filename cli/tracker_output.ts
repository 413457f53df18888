/**
 * The output of `tracker`: its URLs, and one line for each event in a swarm, for
 * people or as JSON. Pure: values in, text out.
 */
import { formatPeerAddress } from "../lib/torrents.ts";
import {
  type AnnounceEntry,
  type ListedTorrent,
  type ScrapeEntry,
  type SwarmChange,
  UNKNOWN_LEFT,
} from "../lib/trackers.ts";
import { urlHosts } from "./lan_addresses.ts";
import { printable, printableJson } from "./printable.ts";
import { formatSize, plural } from "./quantity.ts";

/** The URLs of a tracker; the first of each is the one to give to others. */
export interface TrackerUrls {
  /** UDP URLs last. */
  readonly announce: readonly string[];
  readonly stats: readonly string[];
}

export function trackerUrls(
  hostnames: readonly string[],
  port: number,
  { udp }: { readonly udp: boolean },
): TrackerUrls {
  const hosts = urlHosts(hostnames, port);
  return {
    announce: (udp ? ["http", "udp"] : ["http"]).flatMap((scheme) =>
      hosts.map((host) => `${scheme}://${host}/announce`)
    ),
    stats: hosts.map((host) => `http://${host}/stats`),
  };
}

export interface TrackerStart {
  readonly urls: TrackerUrls;
  /** The folder of `--torrents`, as a word of a command. */
  readonly folder?: { readonly path: string; readonly torrentCount: number };
  /** Commands that start the next programs; without them, only URLs are printed. */
  readonly hints?: { readonly create: string; readonly peer: string };
}

export function formatStart({ urls, folder, hints }: TrackerStart): string[] {
  const [announce, ...others] = urls.announce;
  const lines = [
    `announce   ${announce}`,
    ...others.map((url) => `or         ${url}`),
    `stats      ${urls.stats[0]}`,
  ];
  if (hints === undefined) return lines;
  const { create, peer } = hints;
  if (folder === undefined) {
    lines.push(
      `to share   ${create} FILE ${announce}`,
      `           ${peer} FILE.torrent`,
      `elsewhere  ${peer} FILE.torrent (a copy of it)`,
    );
  } else {
    const file = `${folder.path}/FILE.torrent`;
    lines.push(
      `torrents   ${folder.torrentCount} in ${folder.path}`,
      `to share   ${create} FILE ${announce} ${file}`,
      `           ${peer} ${file}`,
      `elsewhere  ${peer} ${new URL("torrents/FILE.torrent", announce)}`,
    );
  }
  return [...lines, "Ctrl+C stops the tracker."];
}

/** A line about an event: the text for people, the fields for JSON. */
export interface EventLine {
  readonly type: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** The line as it is printed: `12:30:05 TEXT`, or JSON with `type` and `time`. */
export function formatLine(
  { type, text, fields }: EventLine,
  { json, time }: { readonly json: boolean; readonly time: Date },
): string {
  return json
    ? printableJson({ type, time: time.toISOString(), ...fields })
    : printable(`${time.toTimeString().slice(0, 8)} ${text}`);
}

/** `joined 192.168.1.5:6881 in 0123abcd… (1 seeder, 2 leechers)` */
export function changeLine(change: SwarmChange): EventLine {
  const { type, peerId, swarm } = change;
  const { infoHash } = swarm;
  const address = formatPeerAddress(change.address);
  const counts = formatCounts(swarm);
  return {
    type,
    text: `${type} ${address} in ${infoHash.slice(0, 8)}… (${counts})`,
    fields: { infoHash, peerId, address, ...countFields(swarm) },
  };
}

/**
 * `192.168.1.5:6881 started 0123abcd… lacking 1.2 GiB: given 50 peers (1 seeder, 2
 * leechers)`, or `…: refused, the peer id is in use at another address`.
 */
export function announceLine({ announce, outcome }: AnnounceEntry): EventLine {
  const { downloaded, event, infoHash, numwant, peerId, uploaded } = announce;
  const address = formatPeerAddress(announce);
  const { left } = announce;
  const isLeftKnown = left !== UNKNOWN_LEFT;
  const progress = { uploaded, downloaded, ...(isLeftKnown && { left }) };
  const lack = isLeftKnown ? formatSize(left) : "an unknown length";
  const state = left === 0 ? "complete" : `lacking ${lack}`;
  const fields = { infoHash, peerId, address, event, ...progress, numwant };
  const start = `${address} ${event} ${infoHash.slice(0, 8)}… ${state}`;
  if (outcome.type === "refused") {
    return {
      type: "announce",
      text: `${start}: refused, ${outcome.reason}`,
      fields: { ...fields, refused: outcome.reason },
    };
  }
  const { peers: { ipv4, ipv6 }, swarm } = outcome;
  // Compact addresses have 6 bytes for IPv4, 18 for IPv6. [BEP 23, BEP 7]
  const given = ipv4.length / 6 + ipv6.length / 18;
  return {
    type: "announce",
    text: `${start}: given ${plural(given, "peer")} (${formatCounts(swarm)})`,
    fields: { ...fields, given, ...countFields(swarm) },
  };
}

/** `listed photos.torrent: photos, 1.3 GiB` */
export function listingLine(
  type: "listed" | "unlisted",
  { infoHash, fileName, name, length, fileCount }: ListedTorrent,
): EventLine {
  return {
    type,
    text: `${type} ${fileName}: ${name}, ${formatSize(length)}`,
    fields: { infoHash, fileName, name, length, fileCount },
  };
}

function formatCounts({ complete, incomplete }: ScrapeEntry): string {
  return `${plural(complete, "seeder")}, ${plural(incomplete, "leecher")}`;
}

function countFields(
  { complete, incomplete, downloaded }: ScrapeEntry,
): Record<string, number> {
  return { seeders: complete, leechers: incomplete, downloads: downloaded };
}
