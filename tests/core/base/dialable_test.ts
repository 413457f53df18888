import { assertEquals } from "@std/assert";
import {
  isDialable,
  isLoopback,
  isUnicast,
} from "../../../lib/base/dialable.ts";

const OUTSIDE = "192.168.1.5";

Deno.test("isUnicast() knows the address of one machine", () => {
  const cases: [hostname: string, expected: boolean][] = [
    ["192.168.1.1", true],
    ["1.0.0.0", true],
    ["127.0.0.1", true],
    ["223.255.255.255", true],
    ["2001:db8::1", true],
    ["fe80::1", true],
    ["::1", true],
    ["0.0.0.0", false], // nobody
    ["0.1.2.3", false],
    ["224.0.0.1", false], // a group
    ["239.255.255.255", false],
    ["240.0.0.1", false], // nobody's yet
    ["255.255.255.255", false], // everybody
    ["::", false],
    ["ff02::1", false],
    ["localhost", false], // a name
    ["", false],
  ];
  for (const [hostname, expected] of cases) {
    assertEquals(isUnicast(hostname), expected, hostname);
  }
});

Deno.test("isLoopback() knows the machine's own addresses", () => {
  for (const hostname of ["127.0.0.1", "127.255.255.254", "::1"]) {
    assertEquals(isLoopback(hostname), true, hostname);
  }
  for (const hostname of ["128.0.0.1", "::", "::2", "1::1", "localhost"]) {
    assertEquals(isLoopback(hostname), false, hostname);
  }
});

Deno.test("isDialable() takes addresses of one machine, at ports that are not a system's", () => {
  const cases: [hostname: string, port: number, expected: boolean][] = [
    ["10.0.0.1", 6881, true],
    ["10.0.0.1", 1024, true],
    ["10.0.0.1", 65535, true],
    ["2001:db8::1", 6881, true],
    ["10.0.0.1", 1023, false],
    ["10.0.0.1", 22, false],
    ["10.0.0.1", 0, false],
    ["0.0.0.0", 6881, false],
    ["224.0.0.1", 6881, false],
    ["255.255.255.255", 6881, false],
    ["ff02::1", 6881, false],
    ["fe80::1", 6881, false], // of which link?
    ["febf::1", 6881, false],
    ["fec0::1", 6881, true],
  ];
  for (const [hostname, port, expected] of cases) {
    const name = `${hostname} port ${port}`;
    assertEquals(isDialable({ hostname, port }, OUTSIDE), expected, name);
  }
});

Deno.test("isDialable() takes loopback of nobody but who is there too", () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const address = { hostname, port: 6881 };
    assertEquals(isDialable(address, OUTSIDE), false);
    assertEquals(isDialable(address, "2001:db8::5"), false);
    assertEquals(isDialable(address, "127.0.0.1"), true);
    assertEquals(isDialable(address, "::1"), true);
  }
});
