/**
 * Judges why a host is slow: what it measured of itself and what the tracker knows
 * go in, the strongest reason comes out. Deno programs see neither the link's speed
 * nor TCP's state, so all evidence is behaviour. A cause counts only if its evidence
 * is strong and the other hosts do not have it too. Pure.
 *
 * @module
 */
import { formatSize, formatSpeed } from "../tracker/page/units.ts";
import type { HostEvidence } from "./host_evidence.ts";
import type { Reason } from "./reason.ts";

/** The medians of what the other hosts measure. */
export type CommonEvidence = Pick<
  HostEvidence,
  "disk" | "late" | "hash" | "stall"
>;

/** A slow host, as far as it is known. Rates in bytes a second. */
export interface SlowHost {
  /** Its own measurements; `undefined` for other clients. */
  readonly evidence: HostEvidence | undefined;
  readonly common: CommonEvidence;
  /** Its receive rates of the last seconds, oldest first. */
  readonly rates: readonly number[];
  /** Other machines to which it could be connected, the source included. */
  readonly otherCount: number;
  readonly port: number;
  /** Connections to its port in a row that the tracker tried in vain. */
  readonly failedProbeCount: number;
  /** True if the last one succeeded. */
  readonly isReachable: boolean;
  /** True if it has gained nothing for a while. */
  readonly isStuck: boolean;
  /** Bytes that it lacks, and that are free on its disk. */
  readonly missingLength: number;
  readonly freeLength: number | undefined;
}

/** Share of the time from which a cause explains the rate. */
const STRONG = { disk: 0.7, late: 0.35, hash: 0.5, idle: 0.6, stall: 0.2 };
/** The same measurement of the other hosts, times this, must be below that of the host. */
const DISTINCT = 2;
/** Time of pending writes, as a multiple of the time in which timers are late, up to which a busy processor explains both; measured: 1.3 with a busy processor, 10 with a slow disk. */
const DISK_PER_LATE = 2;
/** Share of its own limit at which a host keeps to it. */
const LIMIT_SHARE = 0.7;
/** Failed connections to a port that are no accident. */
const PROBE_COUNT = 2;
/** Rates of Ethernet, in Mbit/s; the part that content gets of them; the spread of a plateau. */
const LINK_RATES = [10, 100, 1_000, 2_500];
const PAYLOAD = { least: 0.88, most: 0.965 };
const PLATEAU_SPREAD = 0.1;
/** Rates that a plateau needs. */
export const PLATEAU_COUNT = 8;

/** The strongest reason; `undefined` if no evidence is strong. */
export function slowReason(host: SlowHost): Reason | undefined {
  for (const rule of RULES) {
    const reason = rule(host);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The rules, the most certain first. */
const RULES: readonly ((host: SlowHost) => Reason | undefined)[] = [
  ({ isStuck, missingLength, freeLength = Infinity }) => {
    if (!isStuck || freeLength >= missingLength) return undefined;
    const room = `${formatSize(freeLength)} free, ${
      formatSize(missingLength)
    } needed`;
    return {
      code: "diskFull",
      text: `its disk is full (${room}); free some space there`,
    };
  },
  ({ evidence, rates }) => {
    const { limitBytesPerSecond: limit = 0 } = evidence ?? {};
    if (limit === 0 || lastOf(rates) < LIMIT_SHARE * limit) return undefined;
    return {
      code: "limit",
      text: `its own limit is ${
        formatSpeed(limit)
      }; start it without --max-download`,
    };
  },
  (host) => {
    const { late = 0, hash = 0 } = host.evidence ?? {};
    // Hashing delays the event loop too.
    const share = hash >= late / 2 ? strong(host, "hash") : undefined;
    if (share === undefined) return undefined;
    return {
      code: "hash",
      text: `it hashes ${share} of the time at ${
        formatSpeed(lastOf(host.rates))
      }; its processor is too slow or busy: end other programs`,
    };
  },
  (host) => {
    const { late = 0, disk = 0 } = host.evidence ?? {};
    // Writes wait for a busy processor too.
    const share = disk <= DISK_PER_LATE * late
      ? strong(host, "late")
      : undefined;
    if (share === undefined) return undefined;
    return {
      code: "cpu",
      text:
        `its processor is busy: the program waits for it ${share} of the time; end other programs`,
    };
  },
  (host) => {
    const share = strong(host, "disk");
    if (share === undefined) return undefined;
    return {
      code: "disk",
      text: `it waits for its disk ${share} of the time and stores ${
        formatSpeed(lastOf(host.rates))
      }; use a faster disk, or end what else writes to it`,
    };
  },
  ({ failedProbeCount, port, ...host }) => {
    if (failedProbeCount < PROBE_COUNT || isWellConnected(host)) {
      return undefined;
    }
    return {
      code: "unreachable",
      text:
        `no machine can connect to its port ${port} (${failedProbeCount} attempts failed); open TCP port ${port} in its firewall`,
    };
  },
  ({ evidence, otherCount, isReachable }) => {
    const { peerCount = Infinity } = evidence ?? {};
    if (otherCount < 2 || peerCount > 1 || !isReachable) return undefined;
    return {
      code: "isolated",
      text: `it reaches ${
        peerCount === 0 ? "none" : peerCount
      } of ${otherCount} machines; check its subnet, VLAN and routes, and client isolation of the switch or access point`,
    };
  },
  ({ evidence }) => {
    const { idle = 0, peerCount = 0 } = evidence ?? {};
    if (idle < STRONG.idle || peerCount === 0) return undefined;
    return {
      code: "sources",
      text: `none of its ${peerCount} peers has what it lacks ${
        percent(idle)
      } of the time; keep machines with everything running`,
    };
  },
  ({ evidence, rates }) => {
    if (!evidence?.isWireless) return undefined;
    return {
      code: "wifi",
      text: `it receives ${
        formatSpeed(lastOf(rates))
      } over Wi-Fi; connect it by cable`,
    };
  },
  ({ rates }) => {
    const megabits = plateauOf(rates);
    if (megabits === undefined) return undefined;
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    return {
      code: "link",
      text: `it receives a steady ${
        (mean / 1e6).toFixed(1)
      } MB/s, all of ${megabits} Mbit/s; replace its cable, its adapter or the port of the switch`,
    };
  },
  (host) => {
    const share = strong(host, "stall");
    if (share === undefined) return undefined;
    return {
      code: "lossy",
      text:
        `its connections stand still ${share} of the time, as if packets were lost; replace its cable or the port of the switch`,
    };
  },
];

/** A share of the time, if it is strong and not common: `60 %`. */
function strong(
  { evidence, common }: SlowHost,
  key: keyof CommonEvidence,
): string | undefined {
  if (evidence === undefined) return undefined;
  const share = evidence[key];
  const isStrong = share >= STRONG[key] && share >= DISTINCT * common[key];
  return isStrong ? percent(share) : undefined;
}

/** True if a host that takes no connections has enough of its own. */
function isWellConnected(
  { evidence, otherCount }: Pick<SlowHost, "evidence" | "otherCount">,
): boolean {
  return evidence !== undefined && evidence.peerCount > 1 &&
    evidence.peerCount >= otherCount / 2;
}

/** The rate of Ethernet, in Mbit/s, that a host receives steadily; `undefined` if none. */
function plateauOf(rates: readonly number[]): number | undefined {
  if (rates.length < PLATEAU_COUNT) return undefined;
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  if (least < (1 - PLATEAU_SPREAD) * most) return undefined;
  const megabits = (least + most) / 2 * 8 / 1e6;
  return LINK_RATES.find((rate) =>
    megabits >= PAYLOAD.least * rate && megabits <= PAYLOAD.most * rate
  );
}

function lastOf(rates: readonly number[]): number {
  return rates.at(-1) ?? 0;
}

/** `60 %`: in tens, as each change of a text is an event. */
function percent(share: number): string {
  return `${Math.round(share * 10) * 10} %`;
}
