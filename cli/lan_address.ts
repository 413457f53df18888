/**
 * Which of this machine's addresses to print for others on the LAN. A guess, as
 * no system says which of its networks people mean: a private address of an
 * interface that looks like a cable or a radio comes first, one that looks like
 * a container's or a tunnel's last.
 *
 * @module
 */
import { addressScope } from "../mod.ts";

/** What is looked at of an interface's address. */
export interface InterfaceAddress {
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
}

/**
 * Names of bridges, container ends, tunnels and virtual machines' networks: of
 * Linux and macOS by their beginning, then of Windows, whose names are for people.
 */
const VIRTUAL_NAME = new RegExp(
  "^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|wg|tailscale|zt|utun|cni|" +
    "flannel|cali|podman|lxc|lxd|incus|bridge1\\d\\d|vmenet|feth)|" +
    "virtual|vpn|vethernet|vmware|zerotier|hamachi|wireguard|wintun",
  "i",
);

/**
 * The IPv4 addresses that other machines may reach, most likely first; IPv6 ones
 * only where there is no IPv4. Empty on a machine without a network.
 */
export function lanAddresses(
  addresses: readonly InterfaceAddress[],
): string[] {
  const reachable = addresses.filter(({ address }) => isReachable(address));
  const ipv4 = reachable.filter(({ family }) => family === "IPv4");
  return (ipv4.length > 0 ? ipv4 : reachable)
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ address }) => address);
}

/** Neither loopback nor link-local. */
function isReachable(address: string): boolean {
  const scope = addressScope(address);
  return scope === "private" || scope === "global";
}

function rank({ name, address }: InterfaceAddress): number {
  return (VIRTUAL_NAME.test(name) ? 2 : 0) +
    (addressScope(address) === "private" ? 0 : 1);
}
