/**
 * The addresses of a host, asked of the system as any program does: by its hosts
 * file, DNS or whatever else it is set up for.
 *
 * @module
 */
import { formatIpAddress, parseIpAddress } from "../base/ip_address.ts";
import { type FoundAddress, loadNodeModule } from "./node_modules.ts";

/**
 * One address of each family that a host has, in the system's order; an IP
 * address is its own.
 * @throws {Error} If the name is not known.
 */
export async function resolveHost(hostname: string): Promise<string[]> {
  const bytes = parseIpAddress(hostname);
  if (bytes !== undefined) return [formatIpAddress(bytes)];
  const found = await lookUp(hostname);
  return found
    .filter(({ family }, index) =>
      found.findIndex((other) => other.family === family) === index
    )
    .map(({ address }) => address);
}

function lookUp(hostname: string): Promise<readonly FoundAddress[]> {
  const { promise, resolve, reject } = Promise.withResolvers<
    readonly FoundAddress[]
  >();
  loadNodeModule("node:dns").lookup(
    hostname,
    { all: true },
    (error, found = []) => error === null ? resolve(found) : reject(error),
  );
  return promise;
}
