/**
 * The reasons for which a host of a rollout is slow, or has failed: a code for
 * programs and a sentence for people. Deno programs see neither the link's speed nor
 * TCP's state, so all evidence is behaviour: what the host measured of itself and what
 * the tracker knows go in, the strongest reason comes out. A cause counts only if its
 * evidence is strong and the other hosts do not have it too. Pure.
 *
 * @module
 */
import { errorCode } from "../files/storage_failure.ts";
import { formatSize, formatSpeed } from "../tracker/page/units.ts";

/** All codes of reasons; further ones may be added. */
export const REASON_CODES = [
  ...["link", "wifi", "disk", "diskFull", "readOnly", "cpu", "hash"],
  ...["sources", "unreachable", "isolated", "lossy", "limit", "silent"],
  ...["left", "command", "failed", "paused"],
] as const;

/** The kind of a reason; docs/guide.md describes each. */
export type ReasonCode = typeof REASON_CODES[number];

/** True for the code of a reason. */
export function isReasonCode(text: unknown): text is ReasonCode {
  return (REASON_CODES as readonly unknown[]).includes(text);
}

/** The reason of one host. */
export interface Reason {
  /** For programs. */
  readonly code: ReasonCode;
  /** For people: what is seen, with a number, and what to do. */
  readonly text: string;
}

/** The system's codes of errors that an administrator mends in the same way. */
const FAILURES: Readonly<Record<string, ReasonCode>> = {
  ...{ ENOSPC: "diskFull", EDQUOT: "diskFull" },
  ...{ EROFS: "readOnly", EACCES: "readOnly", EPERM: "readOnly" },
};

/** The code of an error that ended a download. */
export function failureCode({ cause }: Error): ReasonCode {
  const code = typeof cause === "string" ? cause : errorCode(cause);
  return FAILURES[code ?? ""] ?? "failed";
}

/** A host's measurements over about the last five seconds; shares of the time from 0 to 1. */
export interface HostEvidence {
  /** A write to the disk was pending. */
  readonly disk: number;
  /** Timers were late: the processor was busy, here or elsewhere. */
  readonly late: number;
  /** Pieces were hashed. */
  readonly hash: number;
  /** No connected peer had anything that it lacks. */
  readonly idle: number;
  /** Share of the peers that owe it blocks and sent nothing for a while. */
  readonly stall: number;
  /** Hosts to which it is connected. */
  readonly peerCount: number;
  /** Its own limit of the receive rate; 0 for none. */
  readonly limitBytesPerSecond: number;
  /** True if its only network is wireless. */
  readonly isWireless: boolean;
}

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
const PLATEAU_COUNT = 8;

/** The strongest reason; `undefined` if no evidence is strong. */
export function slowReason(host: SlowHost): Reason | undefined {
  for (const [code, explain] of RULES) {
    const text = explain(host, host.evidence ?? NOTHING);
    if (text !== undefined) return { code, text };
  }
  return undefined;
}

/** The evidence of another client. */
const NOTHING: HostEvidence = {
  ...{ disk: 0, late: 0, hash: 0, idle: 0, stall: 0 },
  ...{ peerCount: Infinity, limitBytesPerSecond: 0, isWireless: false },
};

/** The rules, the most certain first: the text, if the evidence is strong. */
const RULES: readonly [
  code: ReasonCode,
  explain: (host: SlowHost, evidence: HostEvidence) => string | undefined,
][] = [
  ["diskFull", ({ isStuck, missingLength, freeLength = Infinity }) => {
    if (!isStuck || freeLength >= missingLength) return undefined;
    const [free, missing] = [freeLength, missingLength].map(formatSize);
    return `its disk is full (${free} free, ${missing} needed); free some space there`;
  }],
  ["limit", ({ rates }, { limitBytesPerSecond: limit }) => {
    if (limit === 0 || lastOf(rates) < LIMIT_SHARE * limit) return undefined;
    const rate = formatSpeed(limit);
    return `its own limit is ${rate}; start it without --max-download`;
  }],
  ["hash", (host, { late, hash }) => {
    // Hashing delays the event loop too.
    const share = hash >= late / 2 && strong(host, "hash");
    if (!share) return undefined;
    const rate = formatSpeed(lastOf(host.rates));
    return `it hashes ${share} of the time at ${rate}; its processor is too slow or busy: end other programs`;
  }],
  ["cpu", (host, { late, disk }) => {
    // Writes wait for a busy processor too.
    const share = disk <= DISK_PER_LATE * late && strong(host, "late");
    return share
      ? `its processor is busy: the program waits for it ${share} of the time; end other programs`
      : undefined;
  }],
  ["disk", (host) => {
    const share = strong(host, "disk");
    const rate = formatSpeed(lastOf(host.rates));
    return share &&
      `it waits for its disk ${share} of the time and stores ${rate}; use a faster disk, or end what else writes to it`;
  }],
  ["unreachable", ({ evidence, failedProbeCount, otherCount, port }) => {
    // A host that takes no connections may have enough of its own.
    const { peerCount = 0 } = evidence ?? {};
    const isWellConnected = peerCount > 1 && peerCount >= otherCount / 2;
    if (failedProbeCount < PROBE_COUNT || isWellConnected) return undefined;
    return `no machine can connect to its port ${port} (${failedProbeCount} attempts failed); open TCP port ${port} in its firewall`;
  }],
  ["isolated", ({ otherCount, isReachable }, { peerCount }) => {
    if (otherCount < 2 || peerCount > 1 || !isReachable) return undefined;
    const peers = peerCount || "none";
    return `it reaches ${peers} of ${otherCount} machines; check its subnet, VLAN and routes, and client isolation of the switch or access point`;
  }],
  ["sources", (_, { idle, peerCount }) => {
    if (idle < STRONG.idle || peerCount === 0) return undefined;
    const share = percent(idle);
    return `none of its ${peerCount} peers has what it lacks ${share} of the time; keep machines with everything running`;
  }],
  ["wifi", ({ rates }, { isWireless }) => {
    if (!isWireless) return undefined;
    const rate = formatSpeed(lastOf(rates));
    return `it receives ${rate} over Wi-Fi; connect it by cable`;
  }],
  ["link", ({ rates }) => {
    const megabits = plateauOf(rates);
    if (megabits === undefined) return undefined;
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const rate = (mean / 1e6).toFixed(1);
    return `it receives a steady ${rate} MB/s, all of ${megabits} Mbit/s; replace its cable, its adapter or the port of the switch`;
  }],
  ["lossy", (host) => {
    const share = strong(host, "stall");
    return share &&
      `its connections stand still ${share} of the time, as if packets were lost; replace its cable or the port of the switch`;
  }],
];

/** A share of the time, if it is strong and not common: `60 %`. */
function strong(
  { evidence, common }: SlowHost,
  key: keyof CommonEvidence,
): string | undefined {
  const share = evidence?.[key] ?? 0;
  const isStrong = share >= STRONG[key] && share >= DISTINCT * common[key];
  return isStrong ? percent(share) : undefined;
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
