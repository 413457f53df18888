/**
 * The addresses and names of this machine, as other machines of the network reach
 * it: which ones to print, and which come later.
 */
import { addressScope, formatPeerAddress } from "../lib/values.ts";

/** Time between two scans of this machine's addresses. */
const ADDRESSES_INTERVAL_MS = 5_000;

/** A warning for people at a machine without a network. */
export const NO_NETWORK =
  "this machine has no address on a network yet, so only programs on this machine can use the URLs; " +
  "URLs for others are printed when it gets an address";

export type InterfaceAddress = Pick<
  Deno.NetworkInterfaceInfo,
  "name" | "family" | "address"
>;

/**
 * Names of bridges, containers, tunnels and virtual machines: prefixes on Linux and
 * macOS, then words on Windows.
 */
const VIRTUAL_NAME = new RegExp(
  "^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|tailscale|zt|utun|cni|" +
    "flannel|cali|podman|lxc|lxd|incus|bridge1\\d\\d|vmenet|feth)|" +
    "virtual|vpn|vethernet|vmware|zerotier|hamachi|wireguard|wintun",
  "i",
);

/**
 * The addresses that other machines may reach, best guess first; those of bridges
 * and tunnels last. Empty on a machine without a network.
 */
export function lanAddresses(
  addresses: readonly InterfaceAddress[],
): string[] {
  return reachableByKind(addresses).flat();
}

/** The addresses to show to people: without bridges and tunnels if there are others. */
export function mainAddresses(
  addresses: readonly InterfaceAddress[],
): string[] {
  return reachableByKind(addresses).find(({ length }) => length > 0) ?? [];
}

/** The reachable addresses of real interfaces, and those of virtual ones. */
function reachableByKind(addresses: readonly InterfaceAddress[]): string[][] {
  return [false, true].map((isVirtual) =>
    reachable(
      addresses.filter(({ name }) => VIRTUAL_NAME.test(name) === isVirtual),
    )
  );
}

/** The addresses to print of a program that listens on `--host`: the loopback one without a network. */
export function listeningAddresses(
  host: string | undefined,
  choose = mainAddresses,
): [string, ...string[]] {
  if (!isWildcard(host)) return [host!];
  const [first = "127.0.0.1", ...others] = choose(Deno.networkInterfaces());
  return [first, ...others];
}

/**
 * The IPv4 addresses, private ones first, or the IPv6 ones if there is no IPv4, or
 * else the link-local IPv4 ones, as between two machines on one cable.
 */
function reachable(addresses: readonly InterfaceAddress[]): string[] {
  const ofScope = (scope: string, family: string): string[] =>
    addresses.filter((entry) =>
      entry.family === family && addressScope(entry.address) === scope
    ).map(({ address }) => address);
  const routed = (family: string): string[] =>
    ["private", "global"].flatMap((scope) => ofScope(scope, family));
  // A link-local IPv6 address needs its link's name, which no URL can contain.
  return [routed("IPv4"), routed("IPv6"), ofScope("linkLocal", "IPv4")]
    .find((list) => list.length > 0) ?? [];
}

/** The names of this machine on its network, by multicast DNS too. */
export function ownNames(): string[] {
  const permission = { name: "sys", kind: "hostname" } as const;
  // Without the permission, IP addresses and --page-name serve.
  if (Deno.permissions.querySync(permission).state !== "granted") return [];
  const hostname = Deno.hostname();
  const [label] = hostname.split(".");
  return [hostname, `${label}`, `${label}.local`];
}

/** True if `--host` means all addresses. */
export function isWildcard(host: string | undefined): boolean {
  return host === undefined || /^(0\.0\.0\.0|::)$/.test(host);
}

/** The interfaces of this machine; none while the system cannot list them. */
function presentInterfaces(): readonly InterfaceAddress[] {
  try {
    return Deno.networkInterfaces();
  } catch {
    // Too many open files, for example: the next round lists them.
    return [];
  }
}

/** All addresses of this machine; none while the system cannot list them. */
export function ownAddresses(): ReadonlySet<string> {
  return new Set(presentInterfaces().map(({ address }) => address));
}

/** Calls `onNew` with addresses that this machine did not have before. */
export function watchAddresses(
  onNew: (hostnames: readonly string[]) => void,
): Disposable & { readonly isLonely: boolean } {
  const known = new Set(mainAddresses(Deno.networkInterfaces()));
  const timer = setInterval(() => {
    const fresh = mainAddresses(presentInterfaces())
      .filter((hostname) => !known.has(hostname));
    for (const hostname of fresh) known.add(hostname);
    if (fresh.length > 0) onNew(fresh);
  }, ADDRESSES_INTERVAL_MS);
  return {
    isLonely: known.size === 0,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** `192.168.1.10:8000` for each host, IPv6 in brackets. */
export function urlHosts(hostnames: readonly string[], port: number): string[] {
  return hostnames.map((hostname) => formatPeerAddress({ hostname, port }));
}
