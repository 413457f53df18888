/**
 * Magnet links: an info hash, and where peers of the torrent may be found. [BEP 9]
 * Owns the limits of a link. What a link says beside the info hash is unverified:
 * its name is for display, until the metadata is there. Unknown parameters are
 * ignored.
 *
 * @module
 */
import { decodeBase32 } from "@std/encoding/base32";
import { quote } from "../base/errors.ts";
import {
  type InfoHash,
  infoHashFromBytes,
  infoHashFromHex,
} from "../base/identifier.ts";
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { formatPeerAddress, type PeerAddress } from "../base/peer_address.ts";
import { displayName, requestedUrl, trimText } from "../base/clean_text.ts";
import type { Torrent } from "./torrent.ts";

/** The content of a magnet link. */
export interface MagnetLink {
  /** The torrent. [`xt`] */
  readonly infoHash: InfoHash;
  /** A name for display, of at most 64 characters. [`dn`] */
  readonly name: string | undefined;
  /** Tracker URLs over HTTP or UDP, at most 64, in the order of the link. [`tr`] */
  readonly trackers: readonly string[];
  /** Addresses of peers, at most 64; a hostname may be one to resolve. [`x.pe`] */
  readonly peers: readonly PeerAddress[];
  /**
   * Indexes of the files to fetch, ascending, at most 10,000; those that the torrent
   * lacks mean nothing. [`so`, BEP 53] @default {all}
   */
  readonly files?: readonly number[] | undefined;
}

/** Longest link, in characters. */
const MAX_LINK_LENGTH = 65_536;
/** Trackers and peers of a link; the decoder ignores others. */
const MAX_TRACKERS = 64;
const MAX_PEERS = 64;
/** Files that a link selects; the decoder ignores others. */
const MAX_FILES = 10_000;
/** Longest URL of a tracker, in characters. */
const MAX_TRACKER_LENGTH = 2048;

const INFO_HASH = /^urn:btih:(?:([0-9a-f]{40})|([a-z2-7]{32}))$/i;
const PEER = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_][a-z0-9_.-]{0,252})):(\d{1,5})$/i;

/** True if text is meant as a magnet link, valid or not. */
export function isMagnetLink(text: string): boolean {
  return /^magnet:/i.test(trimText(text));
}

/**
 * Parses a magnet link.
 * @throws {RangeError} If it is none, is too long, or does not name one torrent.
 */
export function parseMagnetLink(text: string): MagnetLink {
  const link = trimText(text);
  if (link.length > MAX_LINK_LENGTH) {
    throw refusal(`its ${link.length} characters exceed ${MAX_LINK_LENGTH}`);
  }
  const query = /^magnet:\?(.*)$/is.exec(link)?.[1];
  if (query === undefined) {
    throw refusal(`${quote(link)} does not begin with magnet:?`);
  }
  const fields = [...new URLSearchParams(query)];
  // `xt.1`, `tr.1` and so on where a link has several.
  const valuesOf = (key: string): string[] =>
    fields.filter(([name]) => name.replace(/\.\d+$/, "") === key)
      .map(([, value]) => trimText(value));
  const trackers = valuesOf("tr").filter(isTrackerUrl).map(requestedUrl);
  const peers = valuesOf("x.pe").map(parsePeer)
    .filter((peer) => peer !== undefined);
  const files = parseFiles(valuesOf("so"));
  return {
    infoHash: parseTopic(valuesOf("xt")),
    name: displayName(valuesOf("dn")[0] ?? ""),
    trackers: [...new Set(trackers)].slice(0, MAX_TRACKERS),
    peers: peers.slice(0, MAX_PEERS),
    ...files && { files },
  };
}

/** The files of a list such as `0,2,6-8`; `undefined` if no list names any. */
function parseFiles(lists: readonly string[]): number[] | undefined {
  const files = new Set<number>();
  for (const part of lists.flatMap((list) => list.split(","))) {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ??
      [];
    if (first === undefined) continue;
    for (let file = Number(first); file <= Number(last); file++) {
      if (files.size === MAX_FILES) break;
      files.add(file);
    }
  }
  return files.size === 0 ? undefined : [...files].sort((a, b) => a - b);
}

/** A list of files as BEP 53 has it: `0,2,6-8`. */
function formatFiles(files: readonly number[]): string {
  const parts: string[] = [];
  for (let start = 0, end; start < files.length; start = end) {
    end = start + 1;
    while (files[end] === files[end - 1]! + 1) end++;
    const [first, last] = [files[start], files[end - 1]];
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join();
}

/** Formats a magnet link; its info hash is hexadecimal. */
export function formatMagnetLink(
  { infoHash, name, trackers, peers, files = [] }: MagnetLink,
): string {
  const parts = [
    ...(name === undefined ? [] : [`dn=${encodeURIComponent(name)}`]),
    ...trackers.slice(0, MAX_TRACKERS)
      .map((url) => `tr=${encodeURIComponent(url)}`),
    ...peers.slice(0, MAX_PEERS)
      .map((peer) => `x.pe=${formatPeerAddress(peer)}`),
    ...(files.length === 0 ? [] : [`so=${formatFiles(files)}`]),
  ];
  return [`magnet:?xt=urn:btih:${infoHash}`, ...parts].join("&");
}

/**
 * The magnet link of a torrent; `undefined` if the torrent is private, as no client
 * sends the metadata of such a torrent. [BEP 27]
 */
export function magnetLinkOf(torrent: Torrent): string | undefined {
  if (torrent.isPrivate) return undefined;
  const { infoHash, announce } = torrent;
  const name = displayName(torrent.name);
  return formatMagnetLink({
    ...{ infoHash, name, peers: [] },
    trackers: [...new Set(announce.flat().filter(isTrackerUrl))],
  });
}

/** The one info hash among exact topics; those of other networks do not count. */
function parseTopic(topics: readonly string[]): InfoHash {
  const infoHashes = new Set(
    topics.map((topic) => INFO_HASH.exec(topic)).filter((match) => !!match)
      .map(([, hex, base32]) =>
        hex === undefined
          ? infoHashFromBytes(decodeBase32(base32!.toUpperCase()))
          : infoHashFromHex(hex)
      ),
  );
  const [infoHash, ...others] = infoHashes;
  if (others.length > 0) throw refusal("it names several torrents");
  if (infoHash !== undefined) return infoHash;
  if (topics.some((topic) => /^urn:btmh:/i.test(topic))) {
    throw refusal("torrents of version 2 only are not supported");
  }
  const malformed = topics.find((topic) => /^urn:btih:/i.test(topic));
  if (malformed !== undefined) {
    throw refusal(`${quote(malformed)} has no 40 hex or 32 base32 digits`);
  }
  throw refusal("it names no torrent: xt=urn:btih:INFO_HASH is missing");
}

function isTrackerUrl(text: string): boolean {
  return text.length <= MAX_TRACKER_LENGTH &&
    /^(?:https?|udp):$/.test(URL.parse(text)?.protocol ?? "");
}

function parsePeer(text: string): PeerAddress | undefined {
  const match = PEER.exec(text);
  if (match === null) return undefined;
  const [, ipv6, host, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  const bytes = parseIpAddress(ipv6 ?? host!);
  if (bytes !== undefined) return { hostname: formatIpAddress(bytes), port };
  return ipv6 === undefined
    ? { hostname: host!.toLowerCase(), port }
    : undefined;
}

function refusal(reason: string): RangeError {
  return new RangeError(`Cannot read magnet link: ${reason}`);
}
