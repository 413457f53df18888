/**
 * Orders this machine's addresses by how likely others on the LAN can reach them. A
 * guess: private addresses come first, those of containers and tunnels last.
 *
 * @module
 */
import { addressScope } from "../mod.ts";

/** An address of a network interface. */
export interface InterfaceAddress {
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
}

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
 * The IPv4 addresses that other machines may reach, best first, or the IPv6 ones if
 * there is no IPv4. Empty on a machine without a network.
 */
export function lanAddresses(
  addresses: readonly InterfaceAddress[],
): string[] {
  // Neither loopback nor link-local.
  const reachable = addresses.filter(({ address }) =>
    ["private", "global"].includes(addressScope(address) ?? "")
  );
  const ipv4 = reachable.filter(({ family }) => family === "IPv4");
  return (ipv4.length > 0 ? ipv4 : reachable)
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ address }) => address);
}

function rank({ name, address }: InterfaceAddress): number {
  return (VIRTUAL_NAME.test(name) ? 2 : 0) +
    (addressScope(address) === "private" ? 0 : 1);
}
