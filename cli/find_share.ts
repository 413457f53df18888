/**
 * Finds the share that a command line names: on the network by multicast, or at one
 * machine by its HTTP ports. Waits for machines that are not up yet.
 *
 * @module
 */
import {
  createAddressFilter,
  DEFAULT_TRACKER_PORT,
  FetchError,
  fetchShares,
  findShares,
  joinSignals,
  multicastRefusal,
  type Permits,
  resolveLocalName,
  resolveShareHost,
  type Share,
  SHARE_PORT_COUNT,
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import type { GetJob, What } from "./get_job.ts";
import type { JobContext } from "./program.ts";
import { EXIT_CODES, ProgramError } from "./program_error.ts";
import { formatSize, formatTime } from "./quantity.ts";
import { shown } from "./printable.ts";
import { withRetries } from "./retry.ts";
import { mainAddresses, urlHosts } from "./lan_addresses.ts";

/** Time in which one search of the network finds what is there, in milliseconds. */
export const SEARCH_MS = 3_000;
/** Time for a machine to name its shares, in milliseconds. */
const ASK_HOST_MS = 500;
/** Least time for an answer, in milliseconds, where the search is to end sooner. */
const MIN_WAIT_MS = 1_000;
/** Time for further shares after the first, in milliseconds: machines answer within 120. */
const FURTHER_MS = 150;
/** Addresses of one share that are asked, as any host can name some. */
const MAX_HOSTS = 32;

/** Names of other shares that an error lists. */
const MAX_OTHERS = 5;

/** A share that may be fetched. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  /** In bytes; `undefined` while it is unknown. */
  readonly sizeBytes: number | undefined;
  readonly hostName: string;
  /** Machines that offer it, `192.168.1.10:8000`, best first. */
  readonly hosts: readonly string[];
}

/** There is no share to fetch, or several. */
export class NoShareError extends ProgramError {
  override readonly name = "NoShareError";

  constructor(message: string, details: readonly string[] = []) {
    super(message, { exitCode: EXIT_CODES.noShare, details });
  }
}

/** Options of a search. */
interface SearchOptions {
  readonly signal: AbortSignal;
  readonly permits: Permits;
  /** True if multicast DNS may be asked, and can be. */
  readonly canDiscover: boolean;
  /** When the search is to end; `Infinity` for one attempt. */
  readonly endMs: number;
}

/** The time for an answer: `mostMs`, or less if the search is to end before. */
function waitFor({ endMs }: SearchOptions, mostMs: number): number {
  const leftMs = Math.max(endMs - performance.now(), MIN_WAIT_MS);
  return Math.ceil(Math.min(leftMs, mostMs));
}

/**
 * The shares that WHAT may mean; at least one.
 * @throws {NoShareError | ProgramError} If there is none in time.
 */
export async function findCandidates(
  job: GetJob,
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
    let found = await searchNetwork(options, waitFor(options, SEARCH_MS));
    if (found.length > 0) return found;
    if (retryForMs > SEARCH_MS) {
      console.warn("nothing is shared on this network yet; looking on");
      found = await searchNetwork(options, waitFor(options, Infinity));
    }
    if (found.length > 0) return found;
    throw nothingFound(retryForMs || SEARCH_MS);
  }
  try {
    return await withRetries(() => search(what, options), {
      ...{ retryForMs, signal, console },
      isTemporary: (error) => error instanceof FetchError && error.isTemporary,
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
    if (isNamed(share, name)) return true;
    if (others.size < MAX_OTHERS) others.add(shown(share.name));
    return false;
  };
  const met = options.canDiscover
    ? await searchNetwork(
      { ...options, isMeant },
      waitFor(options, SEARCH_MS),
    )
    : [];
  // A machine may have the name of another one's share.
  const named = met.filter((share) => share.name === name);
  if (named.length > 0) return named;
  if (met.length > 0) return met;
  return await searchMachine({ hostname: name, port: undefined }, options)
    .catch((cause) => {
      if (!(cause instanceof FetchError)) throw cause;
      throw new FetchError(
        `Cannot find ${
          shown(name)
        }: no share has that name, and no machine of that name shares${
          others.size === 0
            ? ""
            : `; on this network are ${[...others].sort().join(", ")}`
        }`,
        { cause, isTemporary: true },
      );
    });
}

/** True if a share, or the machine that offers it, has this name. */
function isNamed({ name, hostName }: Share, wanted: string): boolean {
  return name === wanted || hostName.toLowerCase() === wanted.toLowerCase();
}

/** The shares on the network within a time, or soon after the first. */
async function searchNetwork(
  { signal, permits, canDiscover, hostAddress, ...options }: SearchOptions & {
    /** @default {all are} */
    readonly isMeant?: (share: Share) => boolean;
    /** Asks this host alone. @default all */
    readonly hostAddress?: string;
  },
  waitMs: number,
): Promise<readonly Candidate[]> {
  if (!canDiscover) throw cannotLook(multicastRefusal() ?? "--no-discovery");
  const { isMeant = () => true } = options;
  const found = new Map<string, Candidate>();
  const ending = new AbortController();
  using joined = joinSignals(signal, ending.signal);
  const end = (ms: number): ReturnType<typeof setTimeout> | undefined =>
    ms === Infinity ? undefined : setTimeout(() => ending.abort(), ms);
  const timers = [end(waitMs)];
  try {
    await findShares({
      signal: joined.signal,
      hostAddress,
      onShare: (share) => {
        if (!isMeant(share)) return;
        const hosts = share.addresses.filter(permits)
          .flatMap((address) => urlHosts([address], share.port));
        const known = found.get(share.id)?.hosts ?? [];
        const all = [...new Set([...known, ...hosts])].slice(0, MAX_HOSTS);
        if (all.length === 0) return;
        const sizeBytes = share.sizeBytes || undefined;
        if (found.size === 0) timers.push(end(FURTHER_MS));
        found.set(share.id, { ...share, sizeBytes, hosts: all });
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

function cannotLook(reason: string): NoShareError {
  return new NoShareError(
    `cannot look for shares on this network: ${reason}; name the machine: ${
      invocationOf("get")
    } HOST`,
  );
}

/** The addresses of a machine; `.local` names are asked for on the network. */
async function addressesOf(
  hostname: string,
  options: SearchOptions,
): Promise<readonly string[]> {
  const { signal, canDiscover } = options;
  const timeoutMs = waitFor(options, SEARCH_MS);
  if (canDiscover && /\.local\.?$/i.test(hostname)) {
    const addresses = await resolveLocalName(hostname, { signal, timeoutMs })
      .catch((error) => {
        if (error instanceof Deno.errors.AddrInUse) return [];
        throw error;
      });
    if (addresses.length > 0) return addresses;
  }
  return await resolveShareHost(hostname, {
    signal,
    timeoutMs: waitFor(options, SEARCH_MS),
  });
}

/** The shares of one machine, which may run several. */
async function searchMachine(
  { hostname, port }: {
    readonly hostname: string;
    readonly port: number | undefined;
  },
  options: SearchOptions,
): Promise<readonly Candidate[]> {
  const { signal, permits } = options;
  const usable = (await addressesOf(hostname, options)).filter(permits);
  const ports = port === undefined
    ? Array.from(
      { length: SHARE_PORT_COUNT },
      (_, index) => DEFAULT_TRACKER_PORT + index,
    )
    : [port];
  const hosts = ports.flatMap((port) =>
    usable.length === 0 ? [] : urlHosts(usable, port)
  );
  const timeoutMs = waitFor(options, SEARCH_MS);
  const answers = await Promise.all(
    hosts.map((host) =>
      fetchShares(host, { signal, permits, timeoutMs }).catch((error) => {
        if (error instanceof FetchError) return error;
        throw error;
      })
    ),
  );
  const found = new Map<string, Candidate>();
  for (const [index, answer] of answers.entries()) {
    if (answer instanceof FetchError) continue;
    const { hostName, shares } = answer;
    for (const { id, name, sizeBytes } of shares) {
      const known = found.get(id)?.hosts ?? [];
      const all = [...known, hosts[index]!];
      found.set(id, { id, name, sizeBytes, hostName, hosts: all });
    }
  }
  if (found.size > 0) return [...found.values()];
  if (port === undefined && options.canDiscover) {
    // Its port may be another one.
    const named = await Promise.all(
      usable.map((hostAddress) =>
        searchNetwork({ ...options, hostAddress }, ASK_HOST_MS)
      ),
    );
    const [candidates] = named.filter((each) => each.length > 0);
    if (candidates !== undefined) return candidates;
  }
  const where = port === undefined
    ? `${shown(hostname)}, ports ${ports[0]} to ${ports.at(-1)}`
    : `${shown(hostname)}, port ${port}`;
  const reason = answers.filter((answer) => answer instanceof FetchError)
    .find(({ isTemporary }) => !isTemporary);
  throw new FetchError(
    `Cannot find a share at ${where}: ${
      reason?.message ?? "no answer"
    }; check the address and that ${invocationOf("share")} runs there`,
    // Another server at one of the ports says nothing about the others.
    { isTemporary: reason === undefined || port === undefined },
  );
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
