/**
 * Searches for shares: on the network by multicast, or at one machine by its HTTP
 * ports.
 */
import {
  fetchShares,
  findShares,
  multicastRefusal,
  resolveShareHost,
  type Share,
  SHARE_PORT_COUNT,
} from "../lib/shares.ts";
import { FetchError, joinSignals, type Permits } from "../lib/torrents.ts";
import { DEFAULT_TRACKER_PORT } from "../lib/trackers.ts";
import { invocationOf } from "./command_words.ts";
import { urlHosts } from "./lan_addresses.ts";
import { shown } from "./printable.ts";
import { NoShareError } from "./program_error.ts";
import { resolveLocal } from "./share_origin.ts";

/** Time in which one search of the network finds what is there. */
export const SEARCH_MS = 3_000;
/** Time for a machine to name its shares. */
const ASK_HOST_MS = 500;
/** Least time for an answer, where the search is to end sooner. */
const MIN_WAIT_MS = 1_000;
/** Time for further shares after the first: machines answer within 120. */
const FURTHER_MS = 150;
/** Addresses of one share that are asked, as any host can name some. */
const MAX_HOSTS = 32;

/** A share that may be fetched. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number | undefined;
  readonly hostName: string;
  /** Machines that offer it, `192.168.1.10:8000`, best first. */
  readonly hosts: readonly string[];
}

/** A machine, by a host name or an address; IPv6 without brackets. */
export interface Machine {
  readonly hostname: string;
  /** @default {all ports at which machines share} */
  readonly port?: number | undefined;
}

export interface SearchOptions {
  readonly signal: AbortSignal;
  readonly permits: Permits;
  /** True if multicast DNS may be asked, and can be. */
  readonly canDiscover: boolean;
  /** When the search is to end; `Infinity` for one attempt. */
  readonly endMs: number;
}

/** The time for an answer: `mostMs`, or less if the search is to end before. */
export function waitFor(
  { endMs }: SearchOptions,
  mostMs = SEARCH_MS,
): number {
  const leftMs = Math.max(endMs - performance.now(), MIN_WAIT_MS);
  return Math.ceil(Math.min(leftMs, mostMs));
}

/** The shares on the network within a time, or soon after the first. */
export async function searchNetwork(
  { signal, permits, canDiscover, hostAddress, isMeant }: SearchOptions & {
    /** @default {all are} */
    readonly isMeant?: (share: Share) => boolean;
    /** Asks this host alone. @default all */
    readonly hostAddress?: string;
  },
  waitMs: number,
): Promise<readonly Candidate[]> {
  if (!canDiscover) throw cannotLook(multicastRefusal() ?? "--no-discovery");
  const found = new Map<string, Candidate>();
  const ending = new AbortController();
  using joined = joinSignals(signal, ending.signal);
  const timers: ReturnType<typeof setTimeout>[] = [];
  const endIn = (ms: number): void => {
    if (ms < Infinity) timers.push(setTimeout(() => ending.abort(), ms));
  };
  endIn(waitMs);
  try {
    await findShares({
      signal: joined.signal,
      hostAddress,
      onShare: (share) => {
        if (isMeant?.(share) === false) return;
        const hosts = urlHosts(share.addresses.filter(permits), share.port);
        const candidate = joinOffer(found.get(share.id), share, hosts);
        if (candidate.hosts.length === 0) return;
        if (found.size === 0) endIn(FURTHER_MS);
        found.set(share.id, candidate);
      },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw cannotLook("another program has port 5353 for itself");
  } finally {
    timers.forEach(clearTimeout);
  }
  signal.throwIfAborted();
  return [...found.values()];
}

/** A share that one more machine offers; `hostName` is that of the first of `hosts`. */
export function joinOffer(
  known: Candidate | undefined,
  { id, name, sizeBytes, hostName }: Omit<Candidate, "hosts">,
  hosts: readonly string[],
): Candidate {
  return {
    ...{ id, name, sizeBytes: sizeBytes || undefined },
    hostName: known?.hostName ?? hostName,
    hosts: [...new Set([...known?.hosts ?? [], ...hosts])].slice(0, MAX_HOSTS),
  };
}

function cannotLook(reason: string): NoShareError {
  const get = invocationOf("get");
  return new NoShareError(
    `cannot look for shares on this network: ${reason}; name the machine: ${get} HOST`,
  );
}

/** The shares of one machine, which may run several. @throws {FetchError} If there are none. */
export async function searchMachine(
  { hostname, port }: Machine,
  options: SearchOptions,
): Promise<readonly Candidate[]> {
  const { signal, permits, canDiscover } = options;
  const limits = () => ({ signal, timeoutMs: waitFor(options) });
  const local = canDiscover ? await resolveLocal(hostname, limits()) : [];
  const addresses = local.length > 0
    ? local
    : await resolveShareHost(hostname, limits());
  const usable = addresses.filter(permits);
  const ports = Array.from(
    { length: port === undefined ? SHARE_PORT_COUNT : 1 },
    (_, index) => (port ?? DEFAULT_TRACKER_PORT) + index,
  );
  const hosts = ports.flatMap((port) => urlHosts(usable, port));
  const fetching = { ...limits(), permits };
  const answers = await Promise.all(hosts.map(async (host) => {
    try {
      return { host, ...await fetchShares(host, fetching) };
    } catch (error) {
      if (error instanceof FetchError) return error;
      throw error;
    }
  }));
  const found = new Map<string, Candidate>();
  for (const answer of answers) {
    if (answer instanceof FetchError) continue;
    const { host, hostName, shares } = answer;
    for (const { id, name, sizeBytes } of shares) {
      const known = found.get(id)?.hosts ?? [];
      found.set(id, { id, name, sizeBytes, hostName, hosts: [...known, host] });
    }
  }
  if (found.size > 0) return [...found.values()];
  if (port === undefined && canDiscover) {
    // Its port may be another one.
    const named = await Promise.all(
      usable.map((hostAddress) =>
        searchNetwork({ ...options, hostAddress }, ASK_HOST_MS)
      ),
    );
    const candidates = named.find(({ length }) => length > 0);
    if (candidates !== undefined) return candidates;
  }
  const where = port === undefined
    ? `ports ${ports[0]} to ${ports.at(-1)}`
    : `port ${port}`;
  const failure = answers.filter((answer) => answer instanceof FetchError)
    .find(({ isTemporary }) => !isTemporary);
  const reason = failure?.message ?? "no answer";
  const share = invocationOf("share");
  throw new FetchError(
    `Cannot find a share at ${
      shown(hostname)
    }, ${where}: ${reason}; check the address and that ${share} runs there`,
    // Another server at one of the ports says nothing about the others.
    { isTemporary: failure === undefined || port === undefined },
  );
}
