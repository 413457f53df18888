import { assertEquals } from "@std/assert";
import {
  type InterfaceAddress,
  lanAddresses,
} from "../../../cli/lan_address.ts";

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

Deno.test("lanAddresses() knows when there is no LAN", () => {
  assertEquals(
    lanAddresses(addresses(`
      lo 127.0.0.1
      eth0 169.254.3.4
      eth0 fe80::1
    `)),
    [],
  );
});

Deno.test("lanAddresses() knows the virtual adapters of Windows by name", () => {
  assertEquals(
    lanAddresses(addresses(`
      vEthernet (WSL) 172.20.0.1
      Ethernet 192.168.1.7
    `)),
    ["192.168.1.7", "172.20.0.1"],
  );
});
