import { assertEquals, assertThrows } from "@std/assert";
import { createAddressFilter } from "../../../lib/base/address_filter.ts";

Deno.test("createAddressFilter() permits every host by default", () => {
  const permits = createAddressFilter({});
  for (const hostname of ["10.0.0.1", "::1", "host.example"]) {
    assertEquals(permits(hostname), true);
  }
});

/** Hosts that are permitted, `+`, and denied, `-`. */
const CASES: readonly {
  readonly allow?: string[];
  readonly deny?: string[];
  readonly hosts: Readonly<Record<string, "+" | "-">>;
}[] = [
  {
    allow: ["192.168.4.0/22"],
    hosts: {
      "192.168.3.255": "-",
      "192.168.4.0": "+",
      "192.168.7.255": "+",
      "192.168.8.0": "-",
      "::ffff:192.168.5.5": "+",
      "::ffff:c0a8:505": "+",
      "fd00::1": "-",
      "host.example": "-",
    },
  },
  {
    allow: ["10.1.2.3", "fd00::/8"],
    hosts: {
      "10.1.2.3": "+",
      "10.1.2.4": "-",
      "fdff::1": "+",
      "fe00::1": "-",
      "::1": "-",
    },
  },
  {
    deny: ["10.0.0.0/9", "::1/128"],
    hosts: {
      "10.127.0.1": "-",
      "10.128.0.1": "+",
      "::1": "-",
      "::2": "+",
      "host.example": "+",
    },
  },
  {
    allow: ["10.0.0.0/8"],
    deny: ["10.0.0.7"],
    hosts: { "10.0.0.6": "+", "10.0.0.7": "-", "11.0.0.7": "-" },
  },
  { allow: ["0.0.0.0/0"], hosts: { "8.8.8.8": "+", "::1": "-" } },
  { deny: ["::/0"], hosts: { "8.8.8.8": "+", "2001:db8::1": "-" } },
  // An address with host bits means its network.
  { allow: ["10.1.2.3/8"], hosts: { "10.200.0.1": "+", "11.1.2.3": "-" } },
];

for (const { hosts, ...options } of CASES) {
  Deno.test(`createAddressFilter(${JSON.stringify(options)})`, () => {
    const permits = createAddressFilter(options);
    for (const [hostname, mark] of Object.entries(hosts)) {
      assertEquals(permits(hostname) ? "+" : "-", mark, hostname);
    }
  });
}

Deno.test("createAddressFilter() refuses a malformed network", () => {
  const networks = [
    ...["", "lan", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "fd00::/129"],
    ...["10.0.0/8", "10.0.0.0/", "10.0.0.0/8 ", "/8", "10.0.0.0/0x8"],
  ];
  for (const network of networks) {
    assertThrows(() => createAddressFilter({ allow: [network] }), RangeError);
    assertThrows(() => createAddressFilter({ deny: [network] }), RangeError);
  }
});
