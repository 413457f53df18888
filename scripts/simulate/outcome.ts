/**
 * The outcome of a run as numbers.
 *
 * @module
 */
import { GIGABIT } from "./virtual_link.ts";
import type { VirtualHost } from "./virtual_host.ts";
import type { VirtualLan } from "./virtual_lan.ts";

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
