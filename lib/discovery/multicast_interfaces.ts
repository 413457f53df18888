/**
 * Chooses the network interfaces that multicast uses, and the address from which it
 * sends on each.
 *
 * @module
 */
import {
  addressScope,
  isLinkLocalIpv6,
  isLoopback,
} from "../base/ip_address.ts";
import type { Family, MulticastInterface } from "./multicast_protocol.ts";

/** An address of an interface, as the system lists it. */
export interface NetworkInterface {
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  /** With the length of the network's prefix: `192.0.2.1/24`. */
  readonly cidr: string;
  /** The index of the interface, with a link-local IPv6 address only. */
  readonly scopeid: number | null;
}

export function familyOf(hostname: string): Family {
  return hostname.includes(":") ? "ipv6" : "ipv4";
}

/**
 * The addresses of the interfaces to use: those of the interface that has the address
 * `hostname`, or all. Loopback counts only on a machine without a network.
 */
export function listInterfaces(
  all: readonly NetworkInterface[],
  hostname: string | undefined,
): readonly NetworkInterface[] {
  const others = all.filter(({ address }) => !isLoopback(address));
  const list = others.length > 0 ? others : all;
  if (hostname === undefined) return list;
  const name = all.find(({ address }) => address === hostname)?.name;
  return all.filter((entry) => entry.name === name);
}

/**
 * The addresses to send from, each with its interface: every IPv4 address, and one
 * IPv6 address of each interface.
 */
export function sendingAddresses(
  list: readonly NetworkInterface[],
  prefersRoutable: boolean,
): Map<string, NetworkInterface> {
  const chosen = new Map<string, NetworkInterface>();
  const hasIpv6 = new Set<string>();
  const isRoutable = ({ address }: NetworkInterface): boolean =>
    addressScope(address) !== "linkLocal";
  const preferred = list.filter((entry) =>
    isRoutable(entry) === prefersRoutable
  );
  for (const entry of [...preferred, ...list]) {
    const { family, address, name, scopeid } = entry;
    if (family === "IPv4") chosen.set(address, entry);
    else if (!hasIpv6.has(name)) {
      hasIpv6.add(name);
      chosen.set(isRoutable(entry) ? address : `${address}%${scopeid}`, entry);
    }
  }
  return chosen;
}

/** The index of an interface, which the system gives with a link-local address only. */
export function interfaceIndex(
  name: string,
  list: readonly NetworkInterface[],
): number {
  return list.find((entry) => entry.name === name && entry.scopeid)?.scopeid ??
    0;
}

/** The interfaces of these addresses. */
export function groupByInterface(
  list: readonly NetworkInterface[],
): MulticastInterface[] {
  const byName = Map.groupBy(list, ({ name }) => name);
  return Array.from(byName, ([name, entries]) => ({
    name,
    addresses: entries.map(({ address }) => address)
      .filter((address) => !isLinkLocalIpv6(address)),
  }));
}
