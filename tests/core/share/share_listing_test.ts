import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  parseShareListing,
  type ShareListing,
  shareTrackers,
} from "../../../lib/share/share_listing.ts";
import { fuzz, FUZZ_SEED } from "../fuzz.ts";

const LISTING: ShareListing = {
  hostName: "teacher-pc",
  peerPort: 6881,
  shares: [
    {
      id: "0f1e2d3c",
      name: "images \u{1F427}",
      sizeBytes: 62_700_000_000,
      state: "ready",
      isSource: true,
      path: "/torrents/images.torrent",
    },
    {
      id: "a",
      name: "a.bin",
      sizeBytes: undefined,
      state: "hashing",
      isSource: false,
      path: "/torrents/a.bin.torrent",
    },
  ],
};

function encoded(listing: ShareListing): string {
  return JSON.stringify({ version: 1, ...listing });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

Deno.test("parseShareListing() reads a list of version 1", () => {
  const bytes = bytesOf(encoded(LISTING));
  assertEquals(parseShareListing(bytes), LISTING);
});

Deno.test("parseShareListing() leaves out fields that it does not know", () => {
  const text = '{"version":1,"hostName":"","shares":[],"later":{"a":[1]}}';
  const listing = { hostName: "", peerPort: undefined, shares: [] };
  assertEquals(parseShareListing(bytesOf(text)), listing);
});

Deno.test("parseShareListing() refuses what would mislead or exhaust", () => {
  const [share] = LISTING.shares;
  const withShare = (change: object): string =>
    JSON.stringify({
      version: 1,
      ...LISTING,
      shares: [{ ...share, ...change }],
    });
  for (
    const text of [
      "",
      "[]",
      "null",
      '{"version":2,"hostName":"","shares":[]}',
      '{"version":1,"hostName":"","shares":{}}',
      JSON.stringify({ version: 1, ...LISTING, peerPort: 65_536 }),
      JSON.stringify({ version: 1, ...LISTING, hostName: "x".repeat(256) }),
      JSON.stringify({
        version: 1,
        ...LISTING,
        shares: Array(1_001).fill(share),
      }),
      withShare({ id: "../../x" }),
      withShare({ name: "" }),
      withShare({ name: "x".repeat(256) }),
      withShare({ sizeBytes: -1 }),
      withShare({ sizeBytes: 1e300 }),
      withShare({ state: "done" }),
      // Another host, a local file, a header of its own.
      withShare({ path: "//evil.example/torrents/a.torrent" }),
      withShare({ path: "/torrents/../announce.torrent" }),
      withShare({ path: "/torrents/%2e%2e" }),
      withShare({ path: "/torrents/a;reboot;.torrent" }),
      withShare({ path: "/torrents/a?b.torrent" }),
      withShare({ path: "file:///etc/passwd" }),
      withShare({ path: "/torrents/a\r\nX: y" }),
      `${encoded(LISTING)}${" ".repeat(1024 * 1024)}`,
    ]
  ) {
    assertThrows(
      () => parseShareListing(bytesOf(text)),
      ProtocolError,
      "Cannot read list of shares: ",
      text.slice(0, 80),
    );
  }
});

Deno.test(`parseShareListing() accepts or refuses mutated lists (seed ${FUZZ_SEED})`, async () => {
  await fuzz({
    examples: [bytesOf(encoded(LISTING))],
    decode: parseShareListing,
    refusal: ProtocolError,
  });
});

Deno.test("shareTrackers() leads to trackers of other machines alone", () => {
  const host = "192.168.1.10:8000";
  const own = [`http://${host}/announce`];
  const good = [
    "http://192.168.1.10:8001/announce",
    "http://192.168.1.11:8000/announce",
    "udp://[fd00::1]:8000/announce?key=a",
  ];
  const bad = [
    "http://127.0.0.1:8000/announce",
    "http://2130706433:8000/announce",
    "udp://0x7f000001:8000/announce",
    "http://[::1]:8000/announce",
    "http://[::ffff:127.0.0.1]:8000/announce",
    "http://192.168.1.1/announce",
    "http://192.168.1.1:22/announce",
    "https://192.168.1.1/announce",
    "http://192.168.1.1:8080/reboot?x=/announce",
    "http://router.example:8000/announce",
    "http://224.0.0.1:8000/announce",
    "nonsense",
  ];
  const [source, copy] = [{ host, isSource: true }, { host, isSource: false }];
  const all = [[...own, ...good, ...bad]];
  assertEquals(shareTrackers(all, source), [own, good]);
  // The machine that shared it first counts who is complete.
  assertEquals(shareTrackers(all, copy), [good, own]);
  assertEquals(shareTrackers(bad.map((url) => [url]), source), [own]);
  const loopback = "http://127.0.0.1:9000/announce";
  const here = { host: "127.0.0.1:8000", isSource: true };
  assertEquals(shareTrackers([[loopback]], here)[1], [loopback]);
});
