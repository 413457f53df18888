import { assertEquals } from "@std/assert";
import { forwardedHostname } from "../../../lib/tracker/http_handler.ts";

function hostname(headers: Record<string, string>): string | undefined {
  return forwardedHostname({ header: (name) => headers[name] });
}

Deno.test("forwardedHostname() reads each header, of several addresses the last", () => {
  const table: [Record<string, string>, string | undefined][] = [
    [{}, undefined],
    [{ "x-real-ip": "192.0.2.1" }, "192.0.2.1"],
    [{ "x-forwarded-for": "192.0.2.1" }, "192.0.2.1"],
    [{ "x-forwarded-for": "6.6.6.6, 192.0.2.1" }, "192.0.2.1"],
    [{ "x-forwarded-for": "6.6.6.6,[2001:db8::1]:80" }, "2001:db8::1"],
    [{ "x-forwarded-for": "192.0.2.1:1234" }, "192.0.2.1"],
    [{ "x-forwarded-for": " 2001:db8::1 " }, "2001:db8::1"],
    [{ forwarded: "for=192.0.2.1" }, "192.0.2.1"],
    [{ forwarded: 'proto=http; For="[2001:db8::1]:4711";by=x' }, "2001:db8::1"],
    [{ forwarded: "for=6.6.6.6, for=192.0.2.1;proto=https" }, "192.0.2.1"],
    [
      { forwarded: "for=192.0.2.1", "x-forwarded-for": "192.0.2.2" },
      "192.0.2.1",
    ],
  ];
  for (const [headers, expected] of table) {
    assertEquals(hostname(headers), expected, JSON.stringify(headers));
  }
});

Deno.test("forwardedHostname() skips values without an address", () => {
  const values = [
    "",
    ",",
    "unknown",
    "_hidden",
    "1.2.3",
    "1.2.3.4.5",
    "[::1",
    "::1]:5",
  ];
  for (const value of values) {
    assertEquals(hostname({ "x-forwarded-for": value }), undefined, value);
    assertEquals(hostname({ forwarded: `for=${value}` }), undefined, value);
    assertEquals(
      hostname({ forwarded: value, "x-real-ip": "192.0.2.1" }),
      "192.0.2.1",
    );
  }
});
