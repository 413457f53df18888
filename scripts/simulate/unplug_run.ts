/**
 * A swarm whose source is killed, with its tracker, as soon as the unplug light is
 * green. The seed decides about the hosts: their number and links, when they join,
 * and which of them leave when they are complete.
 *
 * @module
 */
import { randomBelow, seededRandom } from "../../lib/base/random.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { VirtualLan } from "./virtual_lan.ts";
import { VirtualRollout } from "./virtual_rollout.ts";

/** In bytes a second. */
const MEGABIT = 125_000;
/** Time between two looks at the light, in milliseconds. */
const LOOK_MS = 250;
/** Time between two attempts of a host to find the share, in milliseconds. */
const RETRY_MS = 1_000;
/** The longest run, in virtual milliseconds. */
const LIMIT_MS = 3_600_000;

/** A run that is over. */
export interface UnplugRun {
  readonly hostCount: number;
  /** Hosts that leave when they are complete. */
  readonly leavingCount: number;
  /** Hosts that lacked something when the source was killed. */
  readonly fetchingCount: number;
  /** Copies of the content that the source had sent. */
  readonly copiesSent: number;
  /** Hosts that were never complete. */
  readonly incompleteCount: number;
}

/** Runs the swarm of a seed. @throws {Error} If a host is not complete after an hour. */
export function runUnplug(seed: number): UnplugRun {
  const random = seededRandom(seed);
  const pick = (least: number, most: number): number =>
    least + randomBelow(most - least + 1, random);
  const lan = new VirtualLan({
    seed,
    pieceCount: pick(40, 240),
    blocksPerPiece: 4,
    blockBytes: 65_536,
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
