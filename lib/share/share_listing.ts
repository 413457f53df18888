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

/** Path of the list on the server of a share. */
export const LISTING_PATH = "/shares.json";
/** Longest list that is read, in bytes. */
export const MAX_LISTING_LENGTH = 1024 * 1024;
/** Most shares of one machine. */
const MAX_SHARES = 1_000;
/** Longest name, in UTF-16 units: no file system takes more. */
const MAX_NAME_LENGTH = 255;

/** A share of a machine. */
export interface ListedShare {
  /**
   * 1 to 64 letters and digits: the info hash once the share is ready, the same on
   * every machine that offers it; before that a random one.
   */
  readonly id: string;
  /** Name of the file or folder. */
  readonly name: string;
  /** Length of the content in bytes; `undefined` until it is known. */
  readonly sizeBytes: number | undefined;
  /** `hashing` until there is a torrent file. */
  readonly state: "hashing" | "ready";
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

/** A list for JSON. */
export function describeListing(listing: ShareListing): object {
  return { version: 1, ...listing };
}

/**
 * Reads a list; fields that it does not know are left out.
 * @throws {ProtocolError} If it is not one.
 */
export function parseShareListing(bytes: Uint8Array): ShareListing {
  if (bytes.length > MAX_LISTING_LENGTH) {
    throw malformed(`it exceeds the limit of ${MAX_LISTING_LENGTH} bytes`);
  }
  let listing: unknown;
  try {
    listing = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
  } catch (cause) {
    throw malformed("it is not JSON", { cause });
  }
  const { version, hostName, peerPort, shares } = fieldsOf(listing);
  if (version !== 1) throw malformed("its version is not 1");
  if (!isText(hostName, 0)) throw malformed("hostName is not a name");
  if (peerPort !== undefined && !isWhole(peerPort, 1, 65_535)) {
    throw malformed("peerPort is not a port");
  }
  if (!Array.isArray(shares) || shares.length > MAX_SHARES) {
    throw malformed(`shares is not a list of at most ${MAX_SHARES}`);
  }
  return { hostName, peerPort, shares: shares.map(readShare) };
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

function readShare(share: unknown): ListedShare {
  const { id, name, sizeBytes, state, path, isSource } = fieldsOf(share);
  if (typeof id !== "string" || !/^[\da-z]{1,64}$/i.test(id)) {
    throw malformed("the id of a share is not of letters and digits");
  }
  if (!isText(name, 1)) throw malformed("the name of a share is not one");
  if (sizeBytes !== undefined && !isWhole(sizeBytes, 0)) {
    throw malformed("the sizeBytes of a share is not a size");
  }
  if (state !== "hashing" && state !== "ready") {
    throw malformed("the state of a share is not hashing or ready");
  }
  // As `torrentPath` writes it: nothing in it means anything to a URL or a shell.
  const isPath = typeof path === "string" &&
    /^\/torrents\/[\w.~%-]{1,3000}\.torrent$/.test(path);
  if (!isPath) {
    throw malformed("the path of a share is not one of a torrent file");
  }
  if (typeof isSource !== "boolean") {
    throw malformed("the isSource of a share is not true or false");
  }
  return { id, name, sizeBytes, state, path, isSource };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return { ...value };
  throw malformed("an object is missing");
}

function isText(value: unknown, minLength: number): value is string {
  return typeof value === "string" && value.length >= minLength &&
    value.length <= MAX_NAME_LENGTH;
}

function isWhole(
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): value is number {
  return Number.isInteger(value) && value as number >= min &&
    value as number <= max;
}

function malformed(reason: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError(`Cannot read list of shares: ${reason}`, options);
}
