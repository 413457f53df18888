/**
 * A scenario to simulate, its run and its outcome: one seeder, leechers that start
 * together, some of them slow, some that leave.
 */
import { randomBelow, seededRandom, shuffle } from "../../lib/base/random.ts";
import { BLOCK_SIZE } from "../../lib/metainfo/geometry.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { VirtualLan } from "./virtual_lan.ts";
import { GIGABIT } from "./virtual_link.ts";

/** Blocks that a run may deliver; a longer run is simulated in larger blocks. */
const MAX_BLOCKS = 1_500_000;
/** In a large swarm hosts read their messages once in a share of the least time possible: a piece passes some ten hosts, and waits at each. By deliveries of pieces. */
const TURN_SHARES = [
  { deliveries: 1_000_000, share: 0.002 },
  { deliveries: 100_000, share: 0.0005 },
] as const;
/** The longest such interval: with a longer one request windows would run empty. */
const LONGEST_TURN_MS = 500;
/** Samples taken in the least time possible. */
const SAMPLES = 50;
/** The time limit of a run, in least times possible. */
const LIMIT = 60;
/** Share of the content that a leaving leecher has by then. */
const LEAVING_SHARE = { least: 0.25, most: 0.75 };

export interface Scenario {
  readonly seed: number;
  readonly leecherCount: number;
  readonly pieceCount: number;
  readonly pieceLength: number;
  /** Rates of every link, in bytes a second. */
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  /** Leechers on slower links, of all. @default {0} */
  readonly slowCount?: number;
  /** Rate of a slow leecher's link, both ways, in bytes a second. @default {a tenth of the others} */
  readonly slowBytesPerSecond?: number;
  /** Leechers that leave midway, of all. @default {0} */
  readonly leavingCount?: number;
  /** True if the seeder leaves as soon as the leechers have one copy between them. @default {false} */
  readonly doesSeederLeave?: boolean;
  /** Maximum of connections of a host. @default {MAX_PEERS} */
  readonly maxPeers?: number;
}

export interface Sample {
  readonly at: number;
  /** Share of complete leechers, of those that stay, from 0 to 1. */
  readonly complete: number;
  /** Share of the content that they have, from 0 to 1. */
  readonly held: number;
}

export interface Run {
  readonly lan: VirtualLan;
  readonly seeder: VirtualHost;
  /** The leechers on ordinary links that stayed. */
  readonly fast: readonly VirtualHost[];
  /** The leechers on slow links that stayed. */
  readonly slow: readonly VirtualHost[];
  readonly samples: readonly Sample[];
  /** Bytes that a block stands for. */
  readonly blockBytes: number;
  /** Interval at which hosts read their messages, in virtual milliseconds; 0 for at once. */
  readonly turnMs: number;
}

/**
 * Runs a scenario to its end.
 * @param onSample Receives the state of the run, 50 times in the least time possible.
 * @throws {Error} If a staying leecher is not complete after 60 times the least time possible.
 */
export function runScenario(
  scenario: Scenario,
  onSample?: (sample: Sample) => void,
): Run {
  const { pieceLength, slowCount = 0, leavingCount = 0 } = scenario;
  const grain = grainOf(scenario);
  const lan = new VirtualLan({ ...scenario, ...grain });
  const { upBytesPerSecond, downBytesPerSecond } = scenario;
  const link = { upBytesPerSecond, downBytesPerSecond };
  const slowRate = scenario.slowBytesPerSecond ?? upBytesPerSecond / 10;
  const seeder = lan.join({ ...link, isSeeder: true });
  const slow = lan.joinMany(slowCount, {
    upBytesPerSecond: slowRate,
    downBytesPerSecond: slowRate,
  });
  const fast = lan.joinMany(scenario.leecherCount - slowCount, link);
  const random = seededRandom(scenario.seed);
  const leaving = new Map(
    shuffle([...fast, ...slow], random).slice(0, leavingCount).map((host) => {
      const { least, most } = LEAVING_SHARE;
      const share = least + randomBelow(100, random) / 100 * (most - least);
      return [host, share * scenario.pieceCount];
    }),
  );
  const staying = [...slow, ...fast].filter((host) => !leaving.has(host));
  const samples: Sample[] = [];
  const stepMs = leastTimeMs(lan, fast.length > 0 ? fast : slow) / SAMPLES;
  const look = (): void => {
    const standing = sample(lan, staying);
    samples.push(standing);
    onSample?.(standing);
    for (const [host, pieceCount] of leaving) {
      if (!host.isGone && host.swarm.have.count >= pieceCount) host.leave();
    }
    if (scenario.doesSeederLeave && !seeder.isGone && isCopyOut(lan, seeder)) {
      seeder.leave();
    }
    lan.clock.after(stepMs, look);
  };
  look();
  const slowestMs = Math.max(leastTimeMs(lan, staying), stepMs * SAMPLES);
  lan.runUntilAllComplete(LIMIT * slowestMs + 60_000);
  samples.push(sample(lan, staying));
  return {
    lan,
    seeder,
    fast: fast.filter((host) => !leaving.has(host)),
    slow: slow.filter((host) => !leaving.has(host)),
    samples,
    blockBytes: pieceLength / grain.blocksPerPiece,
    turnMs: grain.turnMs,
  };
}

/** Resolution of the simulation: large swarms in larger blocks, and in turns. */
function grainOf(
  scenario: Scenario,
): { blocksPerPiece: number; blockBytes: number; turnMs: number } {
  const { leecherCount, pieceCount, pieceLength } = scenario;
  const pieceDeliveries = leecherCount * pieceCount;
  const mostBlocks = Math.max(1, Math.floor(MAX_BLOCKS / pieceDeliveries));
  let blocksPerPiece = Math.max(1, Math.floor(pieceLength / BLOCK_SIZE));
  while (blocksPerPiece > mostBlocks) {
    blocksPerPiece = Math.max(1, Math.floor(blocksPerPiece / 2));
  }
  const pieceMs = pieceLength * 1000 / scenario.upBytesPerSecond;
  const turnShare =
    TURN_SHARES.find(({ deliveries }) => pieceDeliveries >= deliveries)
      ?.share ?? 0;
  return {
    blocksPerPiece,
    blockBytes: pieceLength / blocksPerPiece,
    turnMs: Math.min(pieceCount * pieceMs * turnShare, LONGEST_TURN_MS),
  };
}

function sample(lan: VirtualLan, leechers: readonly VirtualHost[]): Sample {
  let complete = 0;
  let held = 0;
  for (const { isComplete, swarm } of leechers) {
    if (isComplete) complete++;
    held += swarm.have.count;
  }
  return {
    at: lan.clock.now,
    complete: complete / leechers.length,
    held: held / lan.geometry.pieceCount / leechers.length,
  };
}

/** True if the other present hosts have every piece between them. */
function isCopyOut(lan: VirtualLan, seeder: VirtualHost): boolean {
  // Cheap to check first: a copy must have been sent.
  if (seeder.swarm.traffic.uploaded < lan.geometry.length) return false;
  const others = lan.hosts.filter((host) => host !== seeder && !host.isGone);
  for (let index = 0; index < lan.geometry.pieceCount; index++) {
    if (!others.some((host) => host.swarm.have.has(index))) return false;
  }
  return true;
}

/** The completion times of the hosts that completed, in virtual milliseconds. */
export function completionTimes(hosts: readonly VirtualHost[]): number[] {
  return hosts.flatMap((host) => host.completions);
}

/**
 * The least time in which the leechers can all complete, in
 * milliseconds: every byte must leave a seeder once and must reach each of them, and
 * all their copies must leave some host.
 */
export function leastTimeMs(
  lan: VirtualLan,
  leechers: readonly VirtualHost[],
): number {
  const seeders = lan.hosts.filter(({ options }) => options.isSeeder);
  const slowest = Math.min(
    sumUp(seeders),
    ...leechers.map(({ options }) => options.downBytesPerSecond ?? GIGABIT),
    sumUp(lan.hosts) / leechers.length,
  );
  return 1000 * lan.contentBytes / slowest;
}

export function copiesSent(lan: VirtualLan, host: VirtualHost): number {
  return host.swarm.traffic.uploaded / lan.geometry.length;
}

export function wastedShare(hosts: readonly VirtualHost[]): number {
  let wasted = 0;
  let downloaded = 0;
  for (const { swarm } of hosts) {
    wasted += swarm.traffic.wasted;
    downloaded += swarm.traffic.downloaded;
  }
  return wasted / downloaded;
}

/** The properties of a run that must repeat with its seed. */
export function fingerprint(lan: VirtualLan): unknown {
  return lan.hosts.map(({ hostname, completions, banned, swarm }) => ({
    hostname,
    completions,
    banned,
    traffic: swarm.traffic,
  }));
}

function sumUp(hosts: readonly VirtualHost[]): number {
  return hosts.reduce(
    (sum, { options }) => sum + (options.upBytesPerSecond ?? GIGABIT),
    0,
  );
}
