import { assertEquals, assertThrows } from "@std/assert";
import {
  MAX_NUMWANT,
  parseAnnounceQuery,
  parseScrapeQuery,
} from "../../../lib/tracker/announce_query.ts";
import { announceUrl } from "../../../lib/announce/http_codec.ts";
import { QueryError, UNKNOWN_LEFT } from "../../../lib/announce/announce.ts";
import {
  announceQuery,
  announceRequest,
  infoHash,
  peerId,
} from "../announce/samples.ts";

Deno.test("parseAnnounceQuery() fills in defaults", () => {
  assertEquals(parseAnnounceQuery(announceQuery()), {
    infoHash: infoHash("a"),
    peerId: peerId("me"),
    port: 6881,
    uploaded: 0,
    downloaded: 0,
    left: 1000,
    event: "update",
    numwant: 50,
    key: undefined,
    ip: undefined,
    peerForm: "compact",
  });
});

Deno.test("parseAnnounceQuery() reads the query of announceUrl()", () => {
  const request = announceRequest({ left: 0, event: "completed", numwant: 7 });
  const [, query] = announceUrl("http://t/announce", request).split("?");
  assertEquals(parseAnnounceQuery(query!), {
    infoHash: request.infoHash,
    peerId: request.peerId,
    port: 6881,
    uploaded: 0,
    downloaded: 0,
    left: 0,
    event: "completed",
    numwant: 7,
    key: "0badcafe",
    ip: undefined,
    peerForm: "compact",
  });
});

Deno.test("parseAnnounceQuery() reads a missing left as unknown", () => {
  const left = (value: string | undefined): number =>
    parseAnnounceQuery(announceQuery({ left: value })).left;
  assertEquals([left("0"), left("1"), left(undefined)], [0, 1, UNKNOWN_LEFT]);
});

Deno.test("parseAnnounceQuery() accepts clients that do not know the size, and those that do not listen", () => {
  const unknown = parseAnnounceQuery(
    announceQuery({ left: "9223372036854775807", port: 0 }),
  );
  assertEquals([unknown.left, unknown.port], [UNKNOWN_LEFT, 0]);
});

Deno.test("parseAnnounceQuery() spells 8 hex digits of a key as UDP does, and keeps other keys", () => {
  const key = (value: string | undefined): string | undefined =>
    parseAnnounceQuery(announceQuery({ key: value })).key;
  assertEquals(key("0BADCAFE"), "0badcafe");
  assertEquals(key("0BADCAFE0"), "0BADCAFE0");
  assertEquals(key("%00%ff"), "\0\xff");
  assertEquals([key(""), key(undefined)], [undefined, undefined]);
});

Deno.test("parseAnnounceQuery() takes the first of a repeated parameter and skips unknown ones", () => {
  const query = `port=7000&${announceQuery()}&left=0&corrupt=%zz&x`;
  const { port, left } = parseAnnounceQuery(query);
  assertEquals([port, left], [7000, 1000]);
});

Deno.test("parseAnnounceQuery() reads numwant: a number, a cap, and -1 for no preference", () => {
  const numwant = (value: string): number =>
    parseAnnounceQuery(announceQuery({ numwant: value })).numwant;
  assertEquals(numwant("0"), 0);
  assertEquals(numwant("3"), 3);
  assertEquals(numwant("99999"), MAX_NUMWANT);
  assertEquals(numwant("-1"), 50);
});

Deno.test("parseAnnounceQuery() reads the events; none, empty and paused are updates", () => {
  const event = (value: string | undefined): string =>
    parseAnnounceQuery(announceQuery({ event: value })).event;
  for (const name of ["started", "completed", "stopped"]) {
    assertEquals(event(name), name);
  }
  for (const name of [undefined, "", "empty", "paused"]) {
    assertEquals(event(name), "update");
  }
});

Deno.test("parseAnnounceQuery() reads the form of the peer list", () => {
  const form = (changes: Record<string, number>): string =>
    parseAnnounceQuery(announceQuery(changes)).peerForm;
  assertEquals(form({ compact: 1 }), "compact");
  assertEquals(form({ compact: 0 }), "dictionaries");
  assertEquals(form({ compact: 0, no_peer_id: 1 }), "dictionariesWithoutId");
  assertEquals(form({ no_peer_id: 1 }), "compact");
});

Deno.test("parseAnnounceQuery() names the parameter that is missing or malformed", () => {
  const cases: [string, string | undefined][] = [
    ["info_hash", undefined],
    ["info_hash", ""],
    ["info_hash", "%aa".repeat(19)],
    ["info_hash", "%aa".repeat(21)],
    ["info_hash", "%a".repeat(20)],
    ["info_hash", "a".repeat(40)], // hex digits instead of bytes
    ["peer_id", undefined],
    ["peer_id", "short"],
    ["port", undefined],
    ["port", ""],
    ["port", "65536"],
    ["port", "-1"],
    ["port", "6881.5"],
    ["port", "0x1ae1"],
    ["port", "1e3"],
    ["left", "-1"],
    ["left", "many"],
    ["uploaded", "-1"],
    ["downloaded", "NaN"],
    ["numwant", "-2"],
    ["numwant", "all"],
    ["numwant", ""],
    ["event", "exploded"],
    ["key", "k".repeat(65)],
  ];
  for (const [field, value] of cases) {
    const error = assertThrows(
      () => parseAnnounceQuery(announceQuery({ [field]: value })),
      QueryError,
      field,
      `${field}=${value}`,
    );
    assertEquals(error.field, field);
  }
});

Deno.test("parseScrapeQuery() reads no, one or many info hashes", () => {
  const [a, b] = ["%aa".repeat(20), "%bb".repeat(20)];
  assertEquals(parseScrapeQuery(""), []);
  assertEquals(parseScrapeQuery(`info_hash=${a}`), [infoHash("a")]);
  assertEquals(parseScrapeQuery(`info_hash=${a}&x=1&info_hash=${b}`), [
    infoHash("a"),
    infoHash("b"),
  ]);
  assertThrows(
    () => parseScrapeQuery(`info_hash=${a}&info_hash=%bb`),
    QueryError,
    "info_hash is 1 bytes long instead of 20",
  );
});
