/**
 * The network interfaces of this machine, read from the system at most every ten
 * seconds. Without the permission to list them (`--allow-sys=networkInterfaces`)
 * nothing is known, and nobody is asked for it.
 *
 * @module
 */
import { createAddressFilter, type Permits } from "../base/address_filter.ts";
import { isLoopback } from "../base/ip_address.ts";

/** Time for which a list of the system is used. */
const LIST_LIFE_MS = 10_000;

interface OwnInterface {
  readonly address: string;
  readonly holds: Permits;
}

export class OwnInterfaces {
  #list: readonly OwnInterface[] | undefined;
  #readAtMs = -Infinity;

  /** True for an address in a network of this machine; for any if none are known. */
  isInOwnNetwork(hostname: string): boolean {
    return this.#interfaces()?.some(({ holds }) => holds(hostname)) ?? true;
  }

  /** The address at which a host reaches this machine: the one in its network, or the only one. */
  addressFor(remoteHostname: string): string | undefined {
    if (isLoopback(remoteHostname)) return undefined;
    const others = (this.#interfaces() ?? [])
      .filter(({ address }) => !isLoopback(address));
    const near = others.find(({ holds }) => holds(remoteHostname));
    if (near !== undefined) return near.address;
    const isIpv6 = remoteHostname.includes(":");
    const [only, ...more] = others.filter(({ address }) =>
      address.includes(":") === isIpv6
    );
    return more.length === 0 ? only?.address : undefined;
  }

  #interfaces(): readonly OwnInterface[] | undefined {
    if (performance.now() - this.#readAtMs < LIST_LIFE_MS) return this.#list;
    this.#readAtMs = performance.now();
    const permission = { name: "sys", kind: "networkInterfaces" } as const;
    const { state } = Deno.permissions.querySync(permission);
    this.#list = state === "granted"
      ? Deno.networkInterfaces().map(({ address, cidr }) => ({
        address,
        holds: createAddressFilter({ allow: [cidr] }),
      }))
      : undefined;
    return this.#list;
  }
}
