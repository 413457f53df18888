import { assertEquals } from "@std/assert";
import {
  groupByInterface,
  interfaceIndex,
  listInterfaces,
  type NetworkInterface,
  sendingAddresses,
} from "../../../lib/discovery/multicast_interfaces.ts";

function entry(name: string, cidr: string, scopeid = 0): NetworkInterface {
  const [address = ""] = cidr.split("/");
  const family = address.includes(":") ? "IPv6" : "IPv4";
  return { name, family, address, cidr, scopeid };
}

const LOOPBACK = [entry("lo", "127.0.0.1/8"), entry("lo", "::1/128")];
const ALL = [
  ...LOOPBACK,
  entry("eth0", "192.168.1.10/24"),
  entry("eth0", "fd77::1/64"),
  entry("eth0", "fd77::abcd/64"),
  entry("eth0", "fe80::1/64", 2),
  entry("wlan0", "192.168.2.10/24"),
  entry("wlan0", "192.168.3.10/24"),
  entry("wlan0", "fe80::2/64", 3),
];

Deno.test("multicast uses every interface but loopback, and loopback if there is nothing else", () => {
  const names = (list: readonly NetworkInterface[]): string[] => [
    ...new Set(listInterfaces(list, undefined).map(({ name }) => name)),
  ];
  assertEquals(names(ALL), ["eth0", "wlan0"]);
  assertEquals(names(LOOPBACK), ["lo"]);
  assertEquals(names([]), []);
});

Deno.test("multicast uses only the interface of the address that is named", () => {
  const names = (hostname: string): string[] =>
    listInterfaces(ALL, hostname).map(({ name }) => name);
  assertEquals(new Set(names("192.168.2.10")), new Set(["wlan0"]));
  assertEquals(new Set(names("127.0.0.1")), new Set(["lo"]));
  assertEquals(names("10.0.0.1"), []);
});

Deno.test("datagrams leave from every IPv4 address and from one IPv6 address of each interface", () => {
  const from = (isRoutable: boolean): string[] =>
    [...sendingAddresses(listInterfaces(ALL, undefined), isRoutable).keys()]
      .sort();
  const ipv4 = ["192.168.1.10", "192.168.2.10", "192.168.3.10"];
  assertEquals(from(false), [...ipv4, "fe80::1%2", "fe80::2%3"]);
  // An interface without another address sends from its link-local one.
  assertEquals(from(true), [...ipv4, "fd77::1", "fe80::2%3"]);
});

Deno.test("an interface is known by its index, and by the addresses that mean something elsewhere", () => {
  assertEquals([interfaceIndex("eth0", ALL), interfaceIndex("lo", ALL)], [
    2,
    0,
  ]);
  assertEquals(groupByInterface(listInterfaces(ALL, undefined)), [
    { name: "eth0", addresses: ["192.168.1.10", "fd77::1", "fd77::abcd"] },
    { name: "wlan0", addresses: ["192.168.2.10", "192.168.3.10"] },
  ]);
});
