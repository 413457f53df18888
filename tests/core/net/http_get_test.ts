import {
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { createAddressFilter } from "../../../lib/base/address_filter.ts";
import {
  checkRedirect,
  HttpError,
  redirectTarget,
} from "../../../lib/net/http_get.ts";

Deno.test("redirectTarget() resolves a location as a browser does", () => {
  const cases: [from: string, location: string, target: string][] = [
    ["http://a/b/c", "d", "http://a/b/d"],
    ["http://a/b/c", "/d", "http://a/d"],
    ["http://a/b", "//c/d", "http://c/d"],
    ["http://a/", "https://a/", "https://a/"],
    ["https://a/", "https://b/", "https://b/"],
  ];
  const rules = { mayUseWebPorts: true };
  for (const [from, location, target] of cases) {
    assertEquals(redirectTarget(from, location, rules), target);
  }
});

Deno.test("redirectTarget() refuses a redirect from https: to http: and to any other scheme", () => {
  const cases: [from: string, location: string][] = [
    ["https://a/", "http://a/"],
    ["http://a/", "file:///etc/passwd"],
    ["http://a/", "udp://a:1/announce"],
    ["http://a/", "http://["],
    ["http://a/", `http://${"b".repeat(5000)}:8000/`],
    ["http://a/", `${"b".repeat(5000)}:`],
  ];
  for (const [from, location] of cases) {
    const { message } = assertThrows(
      () => redirectTarget(from, location),
      HttpError,
      "the answer is a redirect ",
    );
    assertLess(message.length, 100);
  }
});

Deno.test("redirectTarget() leaves the system's services of other hosts alone", () => {
  const cases: [from: string, location: string, isFollowed: boolean][] = [
    ["http://a:8000/", "http://b:1024/", true],
    ["http://a:8000/", "http://b:9000/", true],
    ["http://a:8000/", "http://localhost:81/", false],
    ["http://a:8000/", "http://b:22/", false],
    ["http://a:8000/", "http://b/", false],
    ["http://a:8000/", "https://b/", false],
    ["http://a:8000/", "http://b:443/", false],
    // The host itself may have moved, but not to any of its services.
    ["http://a:8000/", "http://a/", true],
    ["http://a:8000/", "https://a/", true],
    ["http://a:81/b", "http://a:81/c", true],
    ["http://a:81/b", "http://a:25/", false],
    ["http://a:81/b", "http://b:81/", false],
  ];
  for (const [from, location, isFollowed] of cases) {
    if (isFollowed) redirectTarget(from, location);
    else {
      assertThrows(
        () => redirectTarget(from, location),
        HttpError,
        "is below 1024",
      );
    }
  }
  // A user's own request may end at a web server elsewhere.
  const rules = { mayUseWebPorts: true };
  assertEquals(redirectTarget("http://a/", "https://b/", rules), "https://b/");
  assertThrows(
    () => redirectTarget("http://a/", "http://b:22/", rules),
    HttpError,
  );
});

Deno.test("checkRedirect() takes an address as it takes those of peers", async () => {
  const cases: [from: string, target: string, isFollowed: boolean][] = [
    ["192.168.1.5:8000", "192.168.1.6:8000", true],
    ["[fd00::5]", "192.168.1.6:8000", true],
    ["192.168.1.5:8000", "203.0.113.5:8000", true],
    ["192.168.1.5:8000", "127.0.0.1:8000", false],
    ["192.168.1.5:8000", "[::1]:8000", false],
    ["192.168.1.5:8000", "[::ffff:127.0.0.1]:8000", false],
    // The number of 127.0.0.1.
    ["192.168.1.5:8000", "2130706433:8000", false],
    ["192.168.1.5:8000", "0.0.0.0:8000", false],
    ["192.168.1.5:8000", "224.0.0.1:8000", false],
    ["192.168.1.5:8000", "[fe80::1]:8000", false],
    ["127.0.0.1:8000", "127.0.0.2:8000", true],
    ["[::1]:8000", "127.0.0.1:8000", true],
  ];
  for (const [from, target, isFollowed] of cases) {
    const checking = checkRedirect(`http://${from}/`, `http://${target}/`);
    if (isFollowed) await checking;
    else await assertRejects(() => checking, HttpError, "is not an address on");
  }
});

Deno.test("checkRedirect() asks the filter about other hosts than the first", async () => {
  const permits = createAddressFilter({
    allow: ["192.168.0.0/16"],
    deny: ["192.168.1.7"],
  });
  const check = (target: string): Promise<void> =>
    checkRedirect("http://10.0.0.5:8000/", `http://${target}/`, { permits });
  await check("192.168.1.6:8000");
  await check("10.0.0.5:9000");
  for (const target of ["192.168.1.7:8000", "10.0.0.6:8000"]) {
    await assertRejects(() => check(target), HttpError, "is not allowed");
  }
});
