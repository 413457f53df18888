/**
 * What a run came to, in numbers that a test can compare and a person can read.
 *
 * @module
 */
import { GIGABIT } from "./host_options.ts";
import type { VirtualHost } from "./virtual_host.ts";
import type { VirtualLan } from "./virtual_lan.ts";

/** When each host had everything, in virtual milliseconds. Hosts that never did are left out. */
export function completionTimes(hosts: readonly VirtualHost[]): number[] {
  return hosts.flatMap((host) => host.completions);
}

/**
 * The least time in which so many leechers can all have everything, in
 * milliseconds: every byte must leave a seeder once, must reach each of them, and
 * all their copies must leave somebody.
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

/** How many times the whole content left a host. */
export function copiesSent(lan: VirtualLan, host: VirtualHost): number {
  return host.swarm.traffic.uploaded / lan.geometry.length;
}

/** The part of what hosts received that was in vain. */
export function wastedShare(hosts: readonly VirtualHost[]): number {
  let wasted = 0;
  let downloaded = 0;
  for (const { swarm } of hosts) {
    wasted += swarm.traffic.wasted;
    downloaded += swarm.traffic.downloaded;
  }
  return wasted / downloaded;
}

/** Everything about a run that must repeat with its seed. */
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
