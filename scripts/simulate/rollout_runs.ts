/**
 * Rollouts in virtual time whose hosts, with their number, links, joining and leaving,
 * come from a seed: one whose end is forecast while it runs, and one whose source is
 * killed, with its tracker, as soon as the unplug light is green.
 */
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../lib/base/random.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { VirtualLan } from "./virtual_lan.ts";
import { VirtualRollout } from "./virtual_rollout.ts";

const MEGABIT = 125_000;
const BLOCK_BYTES = 65_536;
const LIMIT_MS = 3_600_000;
/** Time between two looks at the rollout. */
const LOOK_MS = 250;

export interface ForecastError {
  /** Of the content that the hosts had between them, from 0 to 1. */
  readonly progress: number;
  /** The forecast time of all less the real one, as a share of the real one. */
  readonly error: number;
  /** The uncertainty that was stated, as a share of the same. */
  readonly stated: number;
}

export interface ForecastRun {
  readonly hostCount: number;
  readonly tookMs: number;
  /** The bound as a share of the time that it took, as it was stated at the end. */
  readonly ofBound: number;
  /** The first forecast at or after each wanted progress. */
  readonly errors: readonly ForecastError[];
}

/** Runs the swarm of a seed, with forecasts at these shares of the content. */
export function runForecast(
  seed: number,
  wanted: readonly number[],
): ForecastRun {
  const random = seededRandom(seed);
  const pick = pickWith(random);
  const lan = new VirtualLan({
    seed,
    pieceCount: pick(500, 1_000),
    blocksPerPiece: 8,
    blockBytes: BLOCK_BYTES,
  });
  const megabits = pick(15, 45);
  const rateOf = (share: number): number => megabits * MEGABIT * share;
  const seeder = lan.join({
    isSeeder: true,
    upBytesPerSecond: rateOf(pick(5, 20) / 10),
  });
  const followed = new VirtualRollout(lan, seeder);
  const hostCount = pick(2, 40);
  const slowShare = pick(0, 2) * 0.1;
  const joinWithinMs = pick(0, 1) * 5_000;
  const hosts: VirtualHost[] = [];
  for (let index = 0; index < hostCount; index++) {
    lan.clock.after(random() * joinWithinMs, () => {
      const rate = rateOf(random() < slowShare ? pick(2, 5) / 10 : 1);
      const host = lan.join({
        upBytesPerSecond: rate,
        downBytesPerSecond: rate,
      });
      hosts.push(host);
      followed.follow(host);
    });
  }
  const made: { progress: number; endMs: number; uncertaintyMs: number }[] = [];
  let ofBound = 0;
  const look = (): void => {
    const held = hosts.reduce((sum, { swarm }) => sum + swarm.have.count, 0);
    const progress = held / lan.geometry.pieceCount / hostCount;
    const { finish } = followed;
    ofBound = finish?.ofBound ?? ofBound;
    const isDue = wanted[made.length]! <= progress;
    if (isDue && finish !== undefined) made.push({ ...finish, progress });
    lan.clock.after(LOOK_MS, look);
  };
  look();
  lan.runUntil(
    () => hosts.length === hostCount && hosts.every((host) => host.isComplete),
    LIMIT_MS,
  );
  const tookMs = Math.max(...hosts.flatMap(({ completions }) => completions));
  return {
    ...{ hostCount, tookMs, ofBound },
    errors: made.map(({ progress, endMs, uncertaintyMs }) => ({
      progress,
      error: (endMs - tookMs) / tookMs,
      stated: uncertaintyMs / tookMs,
    })),
  };
}

/** Time between two attempts of a host to find the share. */
const RETRY_MS = 1_000;

export interface UnplugRun {
  readonly hostCount: number;
  /** Hosts that leave when they are complete. */
  readonly leavingCount: number;
  /** Hosts that lacked something when the source was killed. */
  readonly fetchingCount: number;
  readonly copiesSent: number;
  readonly incompleteCount: number;
}

/** Runs the swarm of a seed. @throws {Error} If a host is not complete after an hour. */
export function runUnplug(seed: number): UnplugRun {
  const random = seededRandom(seed);
  const pick = pickWith(random);
  const lan = new VirtualLan({
    seed,
    pieceCount: pick(40, 240),
    blocksPerPiece: 4,
    blockBytes: BLOCK_BYTES,
    maxPeers: pick(0, 3) === 0 ? 8 : 50,
  });
  const seeder = lan.join({
    isSeeder: true,
    upBytesPerSecond: pick(10, 100) * MEGABIT,
  });
  const followed = new VirtualRollout(lan, seeder);
  const hostCount = pick(3, 30);
  const slowShare = pick(0, 40) / 100;
  const leavingShare = pick(0, 50) / 100;
  const [hosts, staying]: [VirtualHost[], VirtualHost[]] = [[], []];
  let leavingCount = 0;
  const join = (stays: boolean): void => {
    const megabits = random() < slowShare ? pick(3, 10) : pick(20, 100);
    const rate = megabits * MEGABIT;
    const link = { upBytesPerSecond: rate, downBytesPerSecond: rate };
    // Later, newcomers find the share at complete hosts that stay, or try again.
    const known = staying.filter((host) => host.isComplete);
    if (seeder.isGone && known.length === 0) {
      return lan.clock.after(RETRY_MS, () => join(stays));
    }
    const host = lan.join(
      seeder.isGone
        ? { ...link, knownHosts: known.map(({ hostname }) => hostname) }
        : link,
    );
    hosts.push(host);
    if (stays) staying.push(host);
    followed.follow(host, stays);
  };
  for (let index = 0; index < hostCount; index++) {
    // Two that stay: without them the light is never green.
    const stays = index < 2 || random() >= leavingShare;
    if (!stays) leavingCount++;
    if (pick(0, 2) > 0) join(stays);
    else lan.clock.after(pick(0, 10_000), () => join(stays));
  }
  let fetchingCount = 0;
  const look = (): void => {
    if (followed.light?.light !== "green") {
      return lan.clock.after(LOOK_MS, look);
    }
    fetchingCount = hosts.filter((host) => host.isWaiting).length;
    seeder.leave();
    lan.endTracker();
  };
  look();
  lan.runUntil(
    () =>
      seeder.isGone && hosts.length === hostCount &&
      hosts.every((host) => !host.isWaiting),
    LIMIT_MS,
  );
  return {
    ...{ hostCount, leavingCount, fetchingCount },
    copiesSent: seeder.swarm.traffic.uploaded / lan.geometry.length,
    incompleteCount: hosts.filter((host) => !host.isComplete).length,
  };
}

/** Picks whole numbers between two, both included. */
function pickWith(random: Random): (least: number, most: number) => number {
  return (least, most) => least + randomBelow(most - least + 1, random);
}
