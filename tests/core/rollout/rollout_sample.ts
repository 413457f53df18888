/**
 * Rollouts for tests, and the signs of hosts that take part in them.
 */
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../../lib/base/identifier.ts";
import { readExpectation } from "../../../lib/rollout/expectation.ts";
import type { HostReport } from "../../../lib/rollout/host_report.ts";
import {
  type HostAnnounce,
  Rollout,
  type RolloutOptions,
} from "../../../lib/rollout/rollout.ts";

export const [A, B] = ["aa", "bb"].map((hex) =>
  infoHashFromHex(hex.repeat(20))
) as [
  InfoHash,
  InfoHash,
];
/** Length of each torrent. */
const LENGTH = 1_000;

export function createRollout(options?: RolloutOptions): Rollout {
  const rollout = new Rollout(options);
  rollout.addShare(A, LENGTH);
  rollout.addShare(B, LENGTH);
  return rollout;
}

/** A rollout that expects the hosts of a text. */
export function expecting(text: string, atLeast?: number): Rollout {
  return createRollout({ expectation: readExpectation(text), atLeast });
}

/** An announce of the peer with a digit: `"1"`. */
export function announce(
  digit: string,
  changes: Partial<HostAnnounce> = {},
): HostAnnounce {
  return {
    peerId: digit.repeat(40) as PeerId,
    infoHash: A,
    hostname: `192.168.1.${digit}`,
    port: 6881,
    left: 9,
    event: "started",
    ...changes,
  };
}

export function report(
  digit: string,
  changes: Partial<HostReport> = {},
): HostReport {
  return {
    infoHash: A,
    peerId: digit.repeat(40) as PeerId,
    port: 6881,
    name: `lab0${digit}`,
    addresses: [],
    state: "fetching",
    fraction: 0.5,
    downloadBytesPerSecond: 10,
    uploadBytesPerSecond: 20,
    ...changes,
  };
}

/** The rows of a time, as `name state` or `name state: reason`. */
export function rowsOf(rollout: Rollout, nowMs: number): string[] {
  return rollout.hosts(nowMs).map(({ name, state, reason }) =>
    `${name} ${state}${reason === undefined ? "" : `: ${reason}`}`
  );
}
