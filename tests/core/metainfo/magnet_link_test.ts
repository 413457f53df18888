import { assertEquals, assertThrows } from "@std/assert";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import {
  formatMagnetLink,
  isMagnetLink,
  magnetLinkOf,
  parseMagnetLink,
} from "../../../lib/metainfo/magnet_link.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";

/** The same info hash in both spellings. */
const HEX = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a";
const BASE32 = "YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK";

Deno.test("parseMagnetLink() reads every parameter that it knows", () => {
  const link = parseMagnetLink(
    `  magnet:?xt=urn:btih:${HEX.toUpperCase()}` + // of either case
      "&dn=a+name%20of%20%E2%82%AC" +
      "&tr=http%3A%2F%2F192.168.1.10%3A8000%2Fannounce" +
      "&tr=udp%3A%2F%2Ftracker.example%3A6969" +
      "&tr=wss%3A%2F%2Ftracker.example" + // a protocol that we lack
      "&x.pe=192.0.2.1:6881" +
      "&x.pe=%5B2001%3Adb8%3A0%3A%3A1%5D%3A6882" +
      "&x.pe=Host.local:6883" +
      "&so=6,0,2,4-5,x,9-8&so=2&ws=http://web.example/&foo=bar\n",
  );
  assertEquals(link, {
    infoHash: HEX as Torrent["infoHash"],
    name: "a name of €",
    trackers: [
      "http://192.168.1.10:8000/announce",
      "udp://tracker.example:6969",
    ],
    peers: [
      { hostname: "192.0.2.1", port: 6881 },
      { hostname: "2001:db8::1", port: 6882 },
      { hostname: "host.local", port: 6883 },
    ],
    files: [0, 2, 4, 5, 6],
  });
});

Deno.test("formatMagnetLink() lists consecutive files as a range", () => {
  const partOf = (files: readonly number[]): string =>
    formatMagnetLink({
      infoHash: HEX as Torrent["infoHash"],
      name: undefined,
      trackers: [],
      peers: [],
      files,
    }).slice(`magnet:?xt=urn:btih:${HEX}`.length);
  assertEquals(partOf([]), "");
  assertEquals(partOf([0, 2, 4, 5, 6]), "&so=0,2,4-6");
  assertEquals(partOf([7, 8]), "&so=7-8");
});

Deno.test("parseMagnetLink() reads base32, and numbered parameters", () => {
  for (const digits of [BASE32, BASE32.toLowerCase()]) {
    const link = parseMagnetLink(
      `MAGNET:?xt.1=urn:btih:${digits}&tr.1=http://a/&tr.2=http://b/`,
    );
    assertEquals(link.infoHash, HEX as Torrent["infoHash"]);
    assertEquals(link.trackers, ["http://a/", "http://b/"]);
  }
  // The half of a hybrid torrent that we share, named twice.
  const hybrid = parseMagnetLink(
    `magnet:?xt=urn:btmh:1220${"0".repeat(64)}` +
      `&xt=urn:btih:${HEX}&xt=urn:btih:${BASE32}`,
  );
  assertEquals(hybrid.infoHash, HEX as Torrent["infoHash"]);
});

Deno.test("parseMagnetLink() cleans and bounds the name", () => {
  const nameOf = (name: string): string | undefined =>
    parseMagnetLink(
      `magnet:?xt=urn:btih:${HEX}&dn=${encodeURIComponent(name)}`,
    ).name;
  assertEquals(nameOf("a\x1b[31m\nb\u202ec"), "a[31mbc");
  assertEquals(nameOf("é".repeat(100)), "é".repeat(64));
  assertEquals(nameOf("😀".repeat(100)), "😀".repeat(64));
  assertEquals(nameOf(" \u200b "), undefined);
  assertEquals(nameOf(""), undefined);
});

Deno.test("parseMagnetLink() takes at most 64 trackers and peers, each once", () => {
  const many = Array.from({ length: 100 }, (_, at) => at + 1);
  const link = parseMagnetLink(
    `magnet:?xt=urn:btih:${HEX}` +
      many.map((at) => `&tr=http://h${at}/&tr=http://h${at}/`).join("") +
      many.map((at) => `&x.pe=192.0.2.1:${at}`).join(""),
  );
  assertEquals(link.trackers.length, 64);
  assertEquals(link.trackers[1], "http://h2/");
  assertEquals(link.peers.length, 64);
});

Deno.test("parseMagnetLink() ignores peers that are none", () => {
  const peers = [
    ...["1.2.3.4", "1.2.3.4:0", "1.2.3.4:65536", ":1", "[1.2.3.4]x:1"],
    ...["[::1:6881", "[:::]:1", "2001:db8::1:6881", "a b:1", "a/b:1"],
  ];
  const { peers: found } = parseMagnetLink(
    `magnet:?xt=urn:btih:${HEX}` +
      peers.map((peer) => `&x.pe=${encodeURIComponent(peer)}`).join(""),
  );
  assertEquals(found, []);
});

Deno.test("parseMagnetLink() says what is wrong with a link", () => {
  const cases: [link: string, reason: string][] = [
    [`http://a/?xt=urn:btih:${HEX}`, "does not begin with magnet:?"],
    ["magnet:xt", "does not begin with magnet:?"],
    ["magnet:?dn=a", "it names no torrent"],
    ["magnet:?xt=urn:sha1:ABC", "it names no torrent"],
    [`magnet:?xt=urn:btih:${HEX}0`, "has no 40 hex or 32 base32 digits"],
    [`magnet:?xt=urn:btih:${BASE32.slice(1)}1`, "has no 40 hex or 32 base32"],
    [`magnet:?xt=urn:btmh:1220${"0".repeat(64)}`, "version 2 only"],
    [
      `magnet:?xt=urn:btih:${HEX}&xt=urn:btih:${"0".repeat(40)}`,
      "it names several torrents",
    ],
    [`magnet:?xt=urn:btih:${HEX}&dn=${"a".repeat(65_536)}`, "exceed 65536"],
  ];
  for (const [link, reason] of cases) {
    assertThrows(() => parseMagnetLink(link), RangeError, reason);
  }
});

Deno.test("isMagnetLink() knows a link that is meant as one", () => {
  assertEquals(isMagnetLink(" MAGNET:?xt="), true);
  assertEquals(isMagnetLink("magnet.torrent"), false);
});

Deno.test("formatMagnetLink() writes what parseMagnetLink() reads", () => {
  const link = {
    infoHash: HEX as Torrent["infoHash"],
    name: "a & b=c €",
    trackers: ["http://a/announce?key=1&x=2", "udp://b:6969"],
    peers: [{ hostname: "::1", port: 1 }, { hostname: "h.local", port: 2 }],
  };
  const text = formatMagnetLink(link);
  assertEquals(
    text,
    `magnet:?xt=urn:btih:${HEX}&dn=a%20%26%20b%3Dc%20%E2%82%AC` +
      "&tr=http%3A%2F%2Fa%2Fannounce%3Fkey%3D1%26x%3D2&tr=udp%3A%2F%2Fb%3A6969" +
      "&x.pe=[::1]:1&x.pe=h.local:2",
  );
  assertEquals(parseMagnetLink(text), link);
});

Deno.test("magnetLinkOf() names each tracker once, and no private torrent", async () => {
  const build = (isPrivate: boolean): Promise<Torrent> =>
    parseTorrent(
      buildTorrent({
        name: "a\u202eb",
        content: { type: "file", length: 1 },
        pieceLength: 16_384,
        pieceHashes: new Uint8Array(20),
        announce: ["http://a/announce", "http://a/announce", "udp://b:1"],
        isPrivate,
      }),
      { sha1 },
    );
  const torrent = await build(false);
  assertEquals(
    magnetLinkOf(torrent),
    `magnet:?xt=urn:btih:${torrent.infoHash}&dn=ab` +
      "&tr=http%3A%2F%2Fa%2Fannounce&tr=udp%3A%2F%2Fb%3A1",
  );
  assertEquals(magnetLinkOf(await build(true)), undefined);
});
