import { assertEquals, assertStringIncludes } from "@std/assert";
import { infoHashFromBytes } from "../../../lib/base/identifier.ts";
import { announceUrl, scrapeUrl } from "../../../lib/announce/http_codec.ts";
import { parseScrapeQuery } from "../../../lib/tracker/announce_query.ts";
import { announceRequest, infoHash, peerId } from "./samples.ts";

Deno.test("announceUrl() writes every parameter once", () => {
  const request = announceRequest({
    peerId: peerId("-LS0001-a b"),
    trackerId: "x&y",
  });
  assertEquals(
    announceUrl("http://192.0.2.1:8000/announce", request),
    "http://192.0.2.1:8000/announce?info_hash=" + "%AA".repeat(20) +
      "&peer_id=-LS0001-a%20b---------&port=6881&uploaded=0&downloaded=0" +
      "&left=1000&numwant=50&key=0badcafe&compact=1&event=started&trackerid=x%26y",
  );
});

Deno.test("announceUrl() leaves out the event of an update", () => {
  const url = announceUrl(
    "http://t/announce",
    announceRequest({ event: "update" }),
  );
  assertEquals(url.includes("event"), false);
});

Deno.test("announceUrl() keeps the URL's own query and drops its fragment", () => {
  const request = announceRequest();
  for (
    const [base, start] of [
      ["http://t/announce?passkey=1", "http://t/announce?passkey=1&info_hash="],
      [
        "http://t/announce?passkey=1&",
        "http://t/announce?passkey=1&info_hash=",
      ],
      ["http://t/announce?", "http://t/announce?info_hash="],
      ["http://t/announce#top", "http://t/announce?info_hash="],
    ] as const
  ) {
    assertStringIncludes(announceUrl(base, request), start);
  }
});

Deno.test("announceUrl() escapes every byte so that a tracker reads it back, also through URL", () => {
  for (let first = 0; first < 256; first += 20) {
    const hash = infoHashFromBytes(
      Uint8Array.from({ length: 20 }, (_, index) => first + index),
    );
    const url = announceUrl(
      "http://t/announce",
      announceRequest({ infoHash: hash }),
    );
    const query = new URL(url).search.slice(1);
    assertEquals(parseScrapeQuery(query), [hash]);
  }
});

Deno.test("scrapeUrl() replaces the last part of the path, or returns undefined if it cannot", () => {
  // The table of BEP 48, but a slash in the query is not part of the path.
  const cases: [string, string | undefined][] = [
    ["http://example.com/announce", "http://example.com/scrape"],
    ["http://example.com/x/announce", "http://example.com/x/scrape"],
    ["http://example.com/announce.php", "http://example.com/scrape.php"],
    ["http://example.com/a", undefined],
    [
      "http://example.com/announce?x2%0644",
      "http://example.com/scrape?x2%0644",
    ],
    ["http://example.com/announce?x=2/4", "http://example.com/scrape?x=2/4"],
    ["http://example.com/x%064announce", undefined],
    ["http://example.com/announce/x", undefined],
  ];
  for (const [announce, scrape] of cases) {
    assertEquals(scrapeUrl(announce, []), scrape, announce);
  }
});

Deno.test("scrapeUrl() names each info hash", () => {
  assertEquals(
    scrapeUrl("http://t/announce?k=1", [infoHash("a"), infoHash("b")]),
    `http://t/scrape?k=1&info_hash=${"%AA".repeat(20)}&info_hash=${
      "%BB".repeat(20)
    }`,
  );
});
