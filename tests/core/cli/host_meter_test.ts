import { assertEquals } from "@std/assert";
import { isWireless } from "../../../cli/report_host.ts";

/** Interfaces with an IPv4 address each. */
function interfaces(...names: string[]): Parameters<typeof isWireless>[0] {
  return names.map((name, index) => ({
    name,
    family: "IPv4",
    address: name === "lo" ? "127.0.0.1" : `192.168.${index}.2`,
  }));
}

Deno.test("isWireless() is true of machines with wireless networks alone", () => {
  for (
    const [expected, ...names] of [
      ["true", "lo", "wlp3s0"],
      ["true", "wlan0", "docker0"],
      ["true", "Wi-Fi"],
      ["true", "WLAN", "vEthernet (Default Switch)"],
      ["false", "lo"],
      ["false", "eth0"],
      ["false", "wlan0", "enp2s0"],
      ["false", "Ethernet", "Wi-Fi"],
      // On macOS it may be either.
      ["false", "en0"],
    ]
  ) {
    assertEquals(`${isWireless(interfaces(...names))}`, expected, names.join());
  }
});
