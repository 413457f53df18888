/**
 * Finds the share that a command line names, and waits for machines that are not up
 * yet and for a share that is still being hashed.
 */
import { delay } from "@std/async/delay";
import {
  fetchShares,
  type ListedShare,
  multicastRefusal,
  type Share,
  type ShareListing,
} from "../lib/shares.ts";
import {
  type AddressFilterOptions,
  createAddressFilter,
  FetchError,
  isMagnetLink,
  readUrl,
  withoutBrackets,
} from "../lib/torrents.ts";
import { invocationOf } from "./command_words.ts";
import { readArgument } from "./flags.ts";
import { mainAddresses } from "./lan_addresses.ts";
import { isTorrentUrl, readTorrentSource } from "./load_torrent.ts";
import { shown } from "./printable.ts";
import type { JobContext } from "./program.ts";
import { NoShareError, ProgramError } from "./program_error.ts";
import { formatSize, formatTime } from "./quantity.ts";
import {
  type Candidate,
  type Machine,
  SEARCH_MS,
  searchMachine,
  searchNetwork,
  type SearchOptions,
  waitFor,
} from "./share_search.ts";
import { isTemporary, withRetries } from "./time_limits.ts";

/** Names of other shares that an error lists. */
const MAX_OTHERS = 5;
/** Time between two requests for the state of a share that is being hashed. */
const POLL_MS = 1_000;

export type What =
  /** The only share on the network. */
  | { readonly type: "any" }
  /** A share or, if there is none of that name, a machine. */
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "machine" } & Machine
  /** A torrent file, its URL or a magnet link. */
  | { readonly type: "torrent"; readonly source: string };

export function readWhat(text: string | undefined): What {
  if (text === undefined) return { type: "any" };
  const torrent = (source: string): What => ({ type: "torrent", source });
  const machine = (host: string, port?: number): What => (
    { type: "machine", hostname: withoutBrackets(host), port }
  );
  const isHash = /^([\da-f]{40}|[a-z2-7]{32})$/i.test(text);
  if (isHash) return torrent(`magnet:?xt=urn:btih:${text}`);
  if (isMagnetLink(text)) return torrent(readTorrentSource(text));
  if (isTorrentUrl(text)) {
    const url = new URL(readArgument("WHAT", text, readUrl));
    if (url.pathname.endsWith(".torrent")) return torrent(url.href);
    const defaultPort = url.protocol === "https:" ? 443 : 80;
    return machine(url.hostname, Number(url.port || defaultPort));
  }
  if (/\.torrent$/i.test(text)) return torrent(text);
  const [, host, port] = /^([\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text) ??
    [];
  if (host !== undefined && Number(port) <= 65_535) {
    return machine(host, Number(port));
  }
  const isMachine =
    /^\d+\.\d+\.\d+\.\d+$|^\[?[\da-f]*:[\da-f:.]*\]?$|\.local\.?$/i
      .test(text);
  return isMachine ? machine(text) : { type: "name", name: text };
}

/** The part of a job that says what to find. */
export interface SearchJob extends AddressFilterOptions {
  readonly what: What;
  /** In milliseconds; 0 for one attempt. */
  readonly retryForMs: number;
  readonly noDiscovery: boolean;
}

/**
 * The shares that WHAT may mean; at least one.
 * @throws {NoShareError | ProgramError} If there is none in time.
 */
export async function findCandidates(
  job: SearchJob,
  { console, signal }: Pick<JobContext, "console" | "signal">,
): Promise<readonly Candidate[]> {
  const { what, retryForMs } = job;
  const options = {
    signal,
    permits: createAddressFilter(job),
    canDiscover: !job.noDiscovery && multicastRefusal() === undefined,
    endMs: performance.now() + (retryForMs || Infinity),
  };
  if (what.type === "any") {
    let found = await searchNetwork(options, waitFor(options));
    if (found.length === 0 && retryForMs > SEARCH_MS) {
      console.warn("nothing is shared on this network yet; looking on");
      found = await searchNetwork(options, waitFor(options, Infinity));
    }
    if (found.length > 0) return found;
    throw nothingFound(retryForMs || SEARCH_MS);
  }
  try {
    return await withRetries(() => search(what, options), {
      ...{ retryForMs, signal, console, isTemporary },
    });
  } catch (error) {
    const isGivenUp = error instanceof ProgramError &&
      error.cause instanceof FetchError;
    throw isGivenUp ? new NoShareError(error.message) : error;
  }
}

async function search(
  what: Exclude<What, { type: "any" }>,
  options: SearchOptions,
): Promise<readonly Candidate[]> {
  if (what.type === "torrent") throw new TypeError("A torrent is no share");
  if (what.type === "machine") return await searchMachine(what, options);
  const { name } = what;
  const others = new Set<string>();
  const isMeant = (share: Share): boolean => {
    const isHost = share.hostName.toLowerCase() === name.toLowerCase();
    if (share.name === name || isHost) return true;
    if (others.size < MAX_OTHERS) others.add(shown(share.name));
    return false;
  };
  const met = options.canDiscover
    ? await searchNetwork({ ...options, isMeant }, waitFor(options))
    : [];
  // A machine may have the name of another one's share.
  const named = met.filter((share) => share.name === name);
  if (named.length > 0) return named;
  if (met.length > 0) return met;
  return await searchMachine({ hostname: name }, options).catch((cause) => {
    if (!(cause instanceof FetchError)) throw cause;
    const list = others.size === 0
      ? ""
      : `; on this network are ${[...others].sort().join(", ")}`;
    const reason = "no share has that name, and no machine of that name shares";
    throw new FetchError(`Cannot find ${shown(name)}: ${reason}${list}`, {
      ...{ cause, isTemporary: true },
    });
  });
}

/** `images, 58.4 GiB, from teacher-pc (192.168.1.10)` */
export function describeCandidate(
  { name, sizeBytes, hostName, hosts }: Candidate,
): string {
  const size = sizeBytes === undefined ? "" : `, ${formatSize(sizeBytes)}`;
  const address = hosts[0]!.replace(/:\d+$/, "");
  const from = hostName === "" ? address : `${shown(hostName)} (${address})`;
  return `${shown(name)}${size}, from ${from}`;
}

function nothingFound(waitMs: number): NoShareError {
  const interfaces = Deno.networkInterfaces();
  const places = mainAddresses(interfaces).map((address) => {
    const { name } = interfaces.find((entry) => entry.address === address)!;
    return `${name} (${address})`;
  });
  const where = places.length === 0
    ? "this machine has no address on a network"
    : `asked by multicast DNS on ${places.join(", ")}`;
  const get = invocationOf("get");
  return new NoShareError(
    `cannot find a share on this network in ${formatTime(waitMs)}: ${where}`,
    [
      `If a machine shares, name it: ${get} 192.168.1.10; to wait for one: ${get} --retry-for forever`,
      "A firewall may be in the way: it must let in 5353/udp here, and 8000/tcp and 6881/tcp there",
    ],
  );
}

export interface ReadyShare {
  readonly share: ListedShare;
  readonly listing: ShareListing;
  readonly host: string;
}

/**
 * Waits until a share is hashed, at the first of its machines that is ready.
 * @param onWait Called once if there is a wait.
 * @throws {ProgramError} If none of its machines answers for the time.
 */
export async function untilReady(
  { id, name, hosts }: Candidate,
  { job, console, signal, onWait }: {
    readonly job: SearchJob;
    readonly onWait: () => void;
  } & Pick<JobContext, "console" | "signal">,
): Promise<ReadyShare> {
  const permits = createAddressFilter(job);
  const ask = async (host: string): Promise<ReadyShare> => {
    const listing = await fetchShares(host, { signal, permits });
    // It gets another id when it is hashed.
    const share = listing.shares.find((share) => share.id === id) ??
      listing.shares.find((share) => share.name === name);
    if (share !== undefined) return { share, listing, host };
    throw new FetchError(
      `Cannot fetch ${shown(name)}: ${host} no longer shares it`,
      { isTemporary: true },
    );
  };
  const retryForMs = Math.max(job.retryForMs, SEARCH_MS);
  for (let isFirst = true;; isFirst = false) {
    const found = await withRetries(() => firstReady(hosts.map(ask)), {
      ...{ retryForMs, signal, console, isTemporary },
    });
    if (found.share.state === "ready") return found;
    if (isFirst) onWait();
    await delay(POLL_MS, { signal });
  }
}

/** The first machine that is ready, however fast others say that they still hash. */
async function firstReady(
  asked: readonly Promise<ReadyShare>[],
): Promise<ReadyShare> {
  const ready = asked.map(async (answer) => {
    if ((await answer).share.state === "ready") return answer;
    throw new Error("It still hashes");
  });
  return await Promise.any(ready).catch(() => Promise.any(asked))
    .catch(({ errors }) => {
      throw errors[0];
    });
}
