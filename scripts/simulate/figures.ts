/**
 * What a run came to, in figures: times in virtual milliseconds. Pure.
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

/** How the leechers on links of one rate fared. */
export interface GroupFigures {
  readonly boundMs: number;
  /** When each that stayed was complete, in order. */
  readonly completionsMs: readonly number[];
  /** Those that stayed and are not complete. */
  readonly incompleteCount: number;
}

/** The figures of a run. */
export interface Figures {
  /** What a block stood for, in bytes. */
  readonly blockBytes: number;
  /** How often hosts looked at what came; 0: at once. */
  readonly turnMs: number;
  /** Of the leechers on ordinary links; `undefined` if there are none. */
  readonly fast: GroupFigures | undefined;
  /** Of those on slower links; `undefined` if there are none. */
  readonly slow: GroupFigures | undefined;
  /** How many times the whole content left the seeder. */
  readonly seederCopies: number;
  /** The part of what was received that was in vain, from 0 to 1. */
  readonly wastedShare: number;
  /** Of the most connections that each host had: the mean, and the most. */
  readonly connections: { readonly mean: number; readonly most: number };
}

/** Reads the figures off a run that is over. */
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

/** The time by which so many are done, of times in order. */
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
