/**
 * The figures of a run: times in virtual milliseconds. Pure.
 *
 * @module
 */
import {
  completionTimes,
  copiesSent,
  leastTimeMs,
  wastedShare,
} from "./outcome.ts";
import type { Run } from "./scenario.ts";
import type { VirtualHost } from "./virtual_host.ts";
import type { VirtualLan } from "./virtual_lan.ts";

/** The figures of the leechers on links of one rate. */
export interface GroupFigures {
  readonly boundMs: number;
  /** Completion times of those that stayed, ascending. */
  readonly completionsMs: readonly number[];
  /** Leechers that stayed and are not complete. */
  readonly incompleteCount: number;
}

/** The figures of a run. */
export interface Figures {
  /** Bytes that a block stands for. */
  readonly blockBytes: number;
  /** Interval at which hosts read their messages; 0 for at once. */
  readonly turnMs: number;
  /** Leechers on ordinary links; `undefined` if there are none. */
  readonly fast: GroupFigures | undefined;
  /** Leechers on slower links; `undefined` if there are none. */
  readonly slow: GroupFigures | undefined;
  /** Copies of the content that the seeder sent. */
  readonly seederCopies: number;
  /** Share of the received bytes that was wasted, from 0 to 1. */
  readonly wastedShare: number;
  /** Mean and maximum of the most connections that each host had. */
  readonly connections: { readonly mean: number; readonly most: number };
}

/** Computes the figures of a completed run. */
export function figuresOf(run: Run): Figures {
  const { lan, seeder, fast, slow } = run;
  const counts = lan.hosts.map((host) => host.mostConnections);
  return {
    blockBytes: run.blockBytes,
    turnMs: run.turnMs,
    fast: groupOf(lan, fast),
    slow: groupOf(lan, slow),
    seederCopies: copiesSent(lan, seeder),
    wastedShare: wastedShare([...fast, ...slow]),
    connections: {
      mean: counts.reduce((sum, count) => sum + count, 0) / counts.length,
      most: Math.max(...counts),
    },
  };
}

/** The quantile of ascending times. */
export function quantile(
  times: readonly number[],
  share: number,
): number | undefined {
  return times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
}

function groupOf(
  lan: VirtualLan,
  hosts: readonly VirtualHost[],
): GroupFigures | undefined {
  if (hosts.length === 0) return undefined;
  return {
    boundMs: leastTimeMs(lan, hosts),
    completionsMs: completionTimes(hosts).sort((one, other) => one - other),
    incompleteCount: hosts.filter((host) => !host.isComplete).length,
  };
}
