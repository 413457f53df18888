import { assertEquals, assertThrows } from "@std/assert";
import { HttpError, redirectTarget } from "../../../lib/net/http_get.ts";

Deno.test("redirectTarget() resolves a location as a browser does", () => {
  const cases: [from: string, location: string, target: string][] = [
    ["http://a/b/c", "d", "http://a/b/d"],
    ["http://a/b/c", "/d", "http://a/d"],
    ["http://a/b", "//c/d", "http://c/d"],
    ["http://a/", "https://a/", "https://a/"],
    ["https://a/", "https://b/", "https://b/"],
  ];
  for (const [from, location, target] of cases) {
    assertEquals(redirectTarget(from, location), target);
  }
});

Deno.test("redirectTarget() refuses a redirect from https: to http: and to any other scheme", () => {
  const cases: [from: string, location: string][] = [
    ["https://a/", "http://a/"],
    ["http://a/", "file:///etc/passwd"],
    ["http://a/", "udp://a:1/announce"],
    ["http://a/", "http://["],
  ];
  for (const [from, location] of cases) {
    assertThrows(
      () => redirectTarget(from, location),
      HttpError,
      "the answer is a redirect ",
    );
  }
});
