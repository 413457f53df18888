/**
 * The list of the shares of one machine, as its HTTP server gives it to machines
 * that want to fetch one: JSON, bounded and checked when it is read. Knows no
 * socket and no disk.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { parseIpAddress, withoutBrackets } from "../base/ip_address.ts";
import { isDialable } from "../base/peer_address.ts";
import {
  isFlag,
  oneOf,
  optional,
  parseJson,
  type Shape,
  text,
  whole,
} from "../rollout/json_shape.ts";
import type { RolloutDocument } from "../rollout/rollout_document.ts";

/** Path of the list on the server of a share. */
export const LISTING_PATH = "/shares.json";
/** Path of the list of rollouts; an id, and what is asked of it, may follow. */
export const SHARES_PATH = "/api/v1/shares";
/** Longest list that is read, in bytes. */
export const MAX_LISTING_LENGTH = 1024 * 1024;
/** Most shares of one machine. */
const MAX_SHARES = 1_000;

/** A share of a machine. */
export interface ListedShare
  extends Pick<RolloutDocument, "id" | "name" | "sizeBytes" | "state"> {
  /** Path of the torrent file on the same server, `/torrents/NAME.torrent`. */
  readonly path: string;
  /**
   * False if the machine has fetched the share itself: its torrent names the
   * tracker of the machine that shared it first before its own.
   */
  readonly isSource: boolean;
}

/** The shares of a machine. */
export interface ShareListing {
  /** Name of the machine; empty if it is unknown. */
  readonly hostName: string;
  /** Port on which its peer listens; `undefined` until it does. */
  readonly peerPort: number | undefined;
  /** In the order in which they were shared. */
  readonly shares: readonly ListedShare[];
}

/** The JSON of a list. */
const LISTING: Shape = {
  version: (value) => value === 1,
  hostName: text(/^.{0,255}$/s),
  peerPort: optional(whole(65_535, 1)),
  shares: [{
    id: text(/^[\da-z]{1,64}$/i),
    // No file system takes a longer name.
    name: text(/^.{1,255}$/s),
    sizeBytes: optional(whole()),
    state: oneOf(["hashing", "ready"]),
    // As `torrentPath` writes it: nothing in it means anything to a URL or a shell.
    path: text(/^\/torrents\/[\w.~%-]{1,3000}\.torrent$/),
    isSource: isFlag,
  }],
};

/**
 * Reads a list; unknown fields are ignored.
 * @throws {ProtocolError} If the text is no list.
 */
export function parseShareListing(bytes: Uint8Array): ShareListing {
  const name = "list of shares";
  if (bytes.length > MAX_LISTING_LENGTH) throw tooLong(name);
  const listing = parseJson<ShareListing>(bytes, LISTING, name);
  const { hostName, peerPort, shares } = listing;
  if (shares.length > MAX_SHARES) throw tooLong(name);
  return {
    ...{ hostName, peerPort },
    shares: shares.map(({ id, name, sizeBytes, state, path, isSource }) => (
      { id, name, sizeBytes, state, path, isSource }
    )),
  };
}

/**
 * The trackers to announce a share to: the host that has it, and those of the
 * torrent that are trackers of other machines; these come first where another
 * machine shared it first, as that one counts who is complete. Whoever offers a
 * share could otherwise have every machine that fetches it send requests to its
 * own services, to a router, or to a name that leads there.
 */
export function shareTrackers(
  announce: readonly (readonly string[])[],
  { host, isSource }: Pick<ListedShare, "isSource"> & {
    /** The host and port at which the share was found. */
    readonly host: string;
  },
): string[][] {
  const own = `http://${host}/announce`;
  const source = withoutBrackets(new URL(own).hostname);
  const others = announce.map((tier) =>
    tier.filter((url) => url !== own && isOtherTracker(url, source))
  );
  const tiers = others.filter((tier) => tier.length > 0);
  return isSource ? [[own], ...tiers] : [...tiers, [own]];
}

function isOtherTracker(text: string, source: string): boolean {
  const url = URL.parse(text);
  if (url === null || !url.pathname.includes("/announce")) return false;
  const hostname = withoutBrackets(url.hostname);
  return hostname === source || parseIpAddress(hostname) !== undefined &&
      isDialable({ hostname, port: Number(url.port) }, source);
}

function tooLong(name: string): ProtocolError {
  return new ProtocolError(`Cannot read ${name}: it is too long`);
}
