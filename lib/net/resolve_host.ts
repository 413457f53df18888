/**
 * Resolves host names as the system does: with its hosts file, DNS or whatever
 * else it is set up for.
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { type FoundAddress, loadNodeModule } from "./node_modules.ts";

/**
 * Returns one address of each family that the host has, in the system's order. An
 * IP address resolves to itself.
 * @throws {Error} If the name is unknown.
 */
export async function resolveHost(hostname: string): Promise<string[]> {
  const bytes = parseIpAddress(hostname);
  if (bytes !== undefined) return [formatIpAddress(bytes)];
  const { promise, resolve, reject } = Promise.withResolvers<
    readonly FoundAddress[]
  >();
  loadNodeModule("node:dns").lookup(
    hostname,
    { all: true },
    (error, found = []) => error === null ? resolve(found) : reject(error),
  );
  const firsts = new Map<number, string>();
  for (const { address, family } of await promise) {
    if (!firsts.has(family)) firsts.set(family, address);
  }
  return [...firsts.values()];
}
