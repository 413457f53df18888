/**
 * A swarm whose end is forecast while it runs. The seed decides about the hosts:
 * their number, their links, and when they join.
 *
 * @module
 */
import { randomBelow, seededRandom } from "../../lib/base/random.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { VirtualLan } from "./virtual_lan.ts";
import { VirtualRollout } from "./virtual_rollout.ts";

/** In bytes a second. */
const MEGABIT = 125_000;
const BLOCK_BYTES = 65_536;
/** The longest run, in virtual milliseconds. */
const LIMIT_MS = 3_600_000;
const LOOK_MS = 250;

/** A forecast, as it turned out. */
export interface ForecastError {
  /** Of the content that the hosts had between them, from 0 to 1. */
  readonly progress: number;
  /** The forecast time of all less the real one, as a share of the real one. */
  readonly error: number;
  /** The uncertainty that was stated, as a share of the same. */
  readonly stated: number;
}

/** A run that is over. */
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
  const pick = (least: number, most: number): number =>
    least + randomBelow(most - least + 1, random);
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
