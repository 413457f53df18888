import { assertEquals } from "@std/assert";
import {
  type InterfaceAddress,
  lanAddresses,
  mainAddresses,
} from "../../../cli/lan_addresses.ts";

/** `eth0 192.168.1.5` and so on, one a line. */
function addresses(lines: string): InterfaceAddress[] {
  return lines.trim().split("\n").map((line) => {
    const [, name = "", address = ""] = /^\s*(.*) (\S+)$/.exec(line) ?? [];
    return { name, address, family: address.includes(":") ? "IPv6" : "IPv4" };
  });
}

Deno.test("lanAddresses() puts a cable before containers and tunnels", () => {
  assertEquals(
    lanAddresses(addresses(`
      lo 127.0.0.1
      docker0 172.17.0.1
      br-1234 172.18.0.1
      tun0 10.8.0.2
      wlan0 192.168.1.5
      lo ::1
      wlan0 fe80::1
    `)),
    ["192.168.1.5", "172.17.0.1", "172.18.0.1", "10.8.0.2"],
  );
});

Deno.test("lanAddresses() puts private addresses before public ones", () => {
  assertEquals(
    lanAddresses(addresses(`
      eth0 203.0.113.5
      eth1 10.1.2.3
      eth2 172.32.0.1
      eth3 172.31.0.1
    `)),
    ["10.1.2.3", "172.31.0.1", "203.0.113.5", "172.32.0.1"],
  );
});

Deno.test("lanAddresses() names IPv6 only where there is no IPv4", () => {
  assertEquals(
    lanAddresses(addresses(`
      eth0 fd00::5
      eth0 fe80::1
      lo 127.0.0.1
    `)),
    ["fd00::5"],
  );
});

Deno.test("lanAddresses() names link-local addresses where there are no others", () => {
  const cable = `
    lo 127.0.0.1
    eth0 169.254.3.4
    eth0 fe80::1
  `;
  assertEquals(lanAddresses(addresses(cable)), ["169.254.3.4"]);
  // A bridge to containers is no way to another machine.
  assertEquals(
    lanAddresses(addresses(`${cable}
      docker0 172.17.0.1`)),
    ["169.254.3.4", "172.17.0.1"],
  );
  assertEquals(
    lanAddresses(addresses(`${cable}
      eth0 fd00::5`)),
    ["fd00::5"],
  );
});

Deno.test("lanAddresses() knows when there is no LAN", () => {
  assertEquals(
    lanAddresses(addresses(`
      lo 127.0.0.1
      lo ::1
      eth0 fe80::1
    `)),
    [],
  );
});

Deno.test("lanAddresses() knows the virtual adapters of Windows by name", () => {
  assertEquals(
    lanAddresses(addresses(`
      vEthernet (WSL (Hyper-V firewall)) 172.20.0.1
      VirtualBox Host-Only Network 192.168.56.1
      VMware Network Adapter VMnet8 192.168.80.1
      ZeroTier One [0123456789abcdef] 10.147.17.5
      Loopback Pseudo-Interface 1 127.0.0.1
      Bluetooth Network Connection 169.254.7.7
      Ethernet 2 192.168.1.7
      Wi-Fi 192.168.1.8
    `)),
    [
      "192.168.1.7",
      "192.168.1.8",
      "172.20.0.1",
      "192.168.56.1",
      "192.168.80.1",
      "10.147.17.5",
    ],
  );
});

Deno.test("lanAddresses() knows the virtual interfaces of macOS by name", () => {
  assertEquals(
    lanAddresses(addresses(`
      bridge100 192.168.64.1
      utun3 10.8.0.2
      feth1234 10.147.17.6
      en0 192.168.1.9
    `)),
    ["192.168.1.9", "192.168.64.1", "10.8.0.2", "10.147.17.6"],
  );
});

Deno.test("mainAddresses() shows bridges and tunnels only if there is nothing else", () => {
  const at = (name: string, address: string) =>
    ({ name, family: "IPv4", address }) as const;
  const docker = at("docker0", "172.17.0.1");
  assertEquals(
    mainAddresses([docker, at("wg0", "10.8.0.2"), at("eth0", "192.168.1.5")]),
    ["192.168.1.5"],
  );
  assertEquals(mainAddresses([docker]), ["172.17.0.1"]);
  assertEquals(
    mainAddresses([docker, at("eth0", "169.254.3.3")]),
    ["169.254.3.3"],
  );
  assertEquals(mainAddresses([]), []);
});
