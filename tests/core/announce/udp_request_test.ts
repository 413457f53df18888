import { assertEquals, assertThrows } from "@std/assert";
import { QueryError } from "../../../lib/announce/announce.ts";
import {
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
  parseUdpAnnounce,
  parseUdpScrape,
  readUdpRequestHead,
  udpKey,
} from "../../../lib/announce/udp_request.ts";
import { announceRequest, bytes, infoHash, peerId, text } from "./samples.ts";

const CALL = {
  connectionId: 0x0123_4567_89ab_cdefn,
  transactionId: 0xfedcba98,
};

/** An announce, byte for byte. [BEP 15] */
const ANNOUNCE = bytes(
  "\x01\x23\x45\x67\x89\xab\xcd\xef" + // connection_id
    "\x00\x00\x00\x01" + // action
    "\xfe\xdc\xba\x98" + // transaction_id
    "\xaa".repeat(20) + // info_hash
    "me------------------" + // peer_id
    "\x00\x00\x00\x00\x00\x00\x00\x07" + // downloaded
    "\x00\x00\x00\x01\x00\x00\x00\x02" + // left: 4 GiB and 2
    "\x00\x00\x00\x00\x00\x00\x00\x08" + // uploaded
    "\x00\x00\x00\x02" + // event: started
    "\x00\x00\x00\x00" + // IP address
    "\x0b\xad\xca\xfe" + // key
    "\x00\x00\x00\x32" + // num_want
    "\x1a\xe1", // port
);

const REQUEST = announceRequest({
  downloaded: 7,
  left: 2 ** 32 + 2,
  uploaded: 8,
});

/** A copy of a datagram with other bytes from `offset` on. */
function patched(
  datagram: Uint8Array,
  offset: number,
  patch: string,
): Uint8Array {
  const copy = datagram.slice();
  copy.set(bytes(patch), offset);
  return copy;
}

Deno.test("encodeUdpConnect() writes the magic number, the action and the transaction id", () => {
  assertEquals(
    encodeUdpConnect(0xfedcba98),
    bytes("\0\0\x04\x17\x27\x10\x19\x80" + "\0\0\0\0" + "\xfe\xdc\xba\x98"),
  );
});

Deno.test("encodeUdpAnnounce() writes every field where BEP 15 has it", () => {
  assertEquals(text(encodeUdpAnnounce(REQUEST, CALL)), text(ANNOUNCE));
});

Deno.test("encodeUdpAnnounce() numbers the events", () => {
  for (
    const [number, event] of ["update", "completed", "started", "stopped"]
      .entries()
  ) {
    const request = announceRequest({ event: event as "update" });
    const datagram = encodeUdpAnnounce(request, CALL);
    assertEquals(datagram[83], number, event);
    assertEquals(parseUdpAnnounce(datagram).event, request.event);
  }
});

Deno.test("readUdpRequestHead() decodes the start of every request", () => {
  assertEquals(readUdpRequestHead(ANNOUNCE), { ...CALL, action: 1 });
  // A view at any offset.
  const shifted = Uint8Array.of(1, ...ANNOUNCE).subarray(1);
  assertEquals(readUdpRequestHead(shifted), { ...CALL, action: 1 });
});

Deno.test("readUdpRequestHead() returns undefined for a shorter datagram", () => {
  for (let length = 0; length < 16; length++) {
    assertEquals(readUdpRequestHead(ANNOUNCE.subarray(0, length)), undefined);
  }
});

Deno.test("parseUdpAnnounce() decodes what encodeUdpAnnounce() writes", () => {
  assertEquals(parseUdpAnnounce(ANNOUNCE), {
    infoHash: infoHash("a"),
    peerId: peerId("me"),
    downloaded: 7,
    left: 2 ** 32 + 2,
    uploaded: 8,
    event: "started",
    key: "0badcafe",
    numwant: 50,
    port: 6881,
  });
});

Deno.test("parseUdpAnnounce() refuses every truncation", () => {
  for (let length = 0; length < ANNOUNCE.length; length++) {
    assertThrows(
      () => parseUdpAnnounce(ANNOUNCE.subarray(0, length)),
      QueryError,
      `announce has ${length} bytes instead of 98`,
    );
  }
});

Deno.test("parseUdpAnnounce() skips options and other bytes behind them", () => {
  // URL data, 9 bytes. [BEP 41]
  const options = bytes("\x02\x09/announce\x00");
  assertEquals(
    parseUdpAnnounce(Uint8Array.of(...ANNOUNCE, ...options)),
    parseUdpAnnounce(ANNOUNCE),
  );
});

Deno.test("parseUdpAnnounce() reads 64 bits, up to the largest safe integer", () => {
  const { left } = parseUdpAnnounce(patched(ANNOUNCE, 64, "\xff".repeat(8)));
  assertEquals(left, Number.MAX_SAFE_INTEGER);
  const least = parseUdpAnnounce(patched(ANNOUNCE, 64, "\0".repeat(8)));
  assertEquals(least.left, 0);
});

Deno.test("parseUdpAnnounce() reads a negative numwant as the default", () => {
  const numwant = (field: string): number =>
    parseUdpAnnounce(patched(ANNOUNCE, 92, field)).numwant;
  assertEquals(numwant("\xff\xff\xff\xff"), 50);
  assertEquals(numwant("\x80\x00\x00\x00"), 50);
  assertEquals(numwant("\x00\x00\x00\x00"), 0);
  assertEquals(numwant("\x7f\xff\xff\xff"), 0x7fff_ffff);
});

Deno.test("parseUdpAnnounce() accepts libtorrent's event of a paused seed, and no other unknown one", () => {
  const event = (number: string): string =>
    parseUdpAnnounce(patched(ANNOUNCE, 80, number)).event;
  assertEquals(event("\0\0\0\x04"), "update");
  for (const [number, name] of [["\0\0\0\x05", 5], ["\x80\0\0\0", 2 ** 31]]) {
    assertThrows(
      () => event(`${number}`),
      QueryError,
      `event ${name} is not one of 0 to 3`,
    );
  }
});

Deno.test("parseUdpAnnounce() refuses port 0", () => {
  assertThrows(
    () => parseUdpAnnounce(patched(ANNOUNCE, 96, "\0\0")),
    QueryError,
    "port 0 is not from 1 to 65535",
  );
});

Deno.test("encodeUdpScrape() writes the info hashes behind the head", () => {
  assertEquals(
    text(encodeUdpScrape([infoHash("a"), infoHash("b")], CALL)),
    text(ANNOUNCE.subarray(0, 8)) + "\0\0\0\x02" + "\xfe\xdc\xba\x98" +
      "\xaa".repeat(20) + "\xbb".repeat(20),
  );
});

Deno.test("encodeUdpScrape() takes from 1 to 74 torrents", () => {
  for (const count of [0, 75]) {
    assertThrows(
      () => encodeUdpScrape(Array(count).fill(infoHash("a")), CALL),
      RangeError,
      `${count} torrents are not from 1 to 74`,
    );
  }
});

Deno.test("parseUdpScrape() reads the complete info hashes in their order", () => {
  const asked = [infoHash("a"), infoHash("b"), infoHash("a")];
  const datagram = encodeUdpScrape(asked, CALL);
  for (let length = 36; length <= datagram.length; length++) {
    assertEquals(
      parseUdpScrape(datagram.subarray(0, length)),
      asked.slice(0, Math.floor((length - 16) / 20)),
    );
  }
});

Deno.test("parseUdpScrape() refuses a scrape without info hashes", () => {
  const datagram = encodeUdpScrape([infoHash("a")], CALL);
  for (let length = 0; length < 36; length++) {
    assertThrows(
      () => parseUdpScrape(datagram.subarray(0, length)),
      QueryError,
      "scrape names no torrent",
    );
  }
});

Deno.test("parseUdpScrape() takes at most 74 torrents", () => {
  const datagram = new Uint8Array(16 + 80 * 20);
  assertEquals(parseUdpScrape(datagram).length, 74);
});

Deno.test("udpKey() reads 8 hex digits as 32 bits, and hashes any other key", () => {
  assertEquals(udpKey("0badcafe"), 0x0badcafe);
  assertEquals(udpKey("FFFFFFFF"), 0xffff_ffff);
  const others = ["", "a", "b", "0badcafe0", "a secret of many words", "é🎉"];
  const keys = others.map(udpKey);
  assertEquals(keys, others.map(udpKey));
  assertEquals(new Set(keys).size, others.length);
  for (const key of keys) assertEquals(key, key >>> 0);
});
