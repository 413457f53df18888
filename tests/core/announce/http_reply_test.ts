import { assertEquals, assertThrows } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import {
  encodeAnnounceAnswer,
  encodeFailure,
} from "../../../lib/tracker/announce_answer.ts";
import {
  findRefusal,
  parseAnnounceReply,
} from "../../../lib/announce/http_codec.ts";
import { ANNOUNCE_ANSWER as ANSWER, bytes } from "./samples.ts";

Deno.test("parseAnnounceReply() reads every form that encodeAnnounceAnswer() writes", () => {
  const forms = ["compact", "dictionaries", "dictionariesWithoutId"] as const;
  for (const peerForm of forms) {
    const reply = parseAnnounceReply(
      encodeAnnounceAnswer({ ...ANSWER, peerForm }),
    );
    assertEquals(
      reply.peers.map(({ hostname, port }) => `${hostname} ${port}`).sort(),
      ["192.0.2.1 6881", "192.0.2.2 80", "2001:db8::2 80"],
    );
    assertEquals(reply.intervalMs, 120_000);
    assertEquals(reply.minIntervalMs, 30_000);
    assertEquals([reply.complete, reply.incomplete], [1, 2]);
    assertEquals([reply.warning, reply.trackerId], [undefined, undefined]);
  }
});

Deno.test("parseAnnounceReply() refuses a reply that ends at any byte or goes on", () => {
  const whole = encodeAnnounceAnswer(ANSWER);
  for (let length = 0; length < whole.length; length++) {
    assertThrows(
      () => parseAnnounceReply(whole.subarray(0, length)),
      TrackerError,
      "not bencode",
    );
  }
  const tailed = new Uint8Array([...whole, 0x65]);
  assertThrows(() => parseAnnounceReply(tailed), TrackerError, "not bencode");
});

Deno.test("parseAnnounceReply() takes keys of any spelling that mean nothing to it", () => {
  const odd = "9:__proto__le1:\xffi1e2:ffi2e8:\xef\xbb\xbfpeers1:x";
  const peer = `d${odd}2:ip9:192.0.2.14:porti6881ee`;
  const reply = parseAnnounceReply(bytes(`d${odd}5:peersl${peer}ee`));
  assertEquals(reply.peers, [{ hostname: "192.0.2.1", port: 6881 }]);
});

Deno.test("parseAnnounceReply() throws the tracker's failure reason", () => {
  assertThrows(
    () => parseAnnounceReply(encodeFailure("port is missing")),
    TrackerError,
    "the tracker refused: port is missing",
  );
});

Deno.test("parseAnnounceReply() makes a tracker's message safe for one line of a terminal", () => {
  const message = "no\x1b[2J\r\nmore";
  assertThrows(
    () => parseAnnounceReply(encodeFailure(message)),
    TrackerError,
    "refused: no [2J  more",
  );
  const warning = `d15:warning message${message.length}:${message}e`;
  assertEquals(parseAnnounceReply(bytes(warning)).warning, "no [2J  more");
});

Deno.test("parseAnnounceReply() reads the warning and the tracker id", () => {
  const reply = parseAnnounceReply(
    bytes("d10:tracker id3:x y15:warning message4:slowe"),
  );
  assertEquals([reply.trackerId, reply.warning], ["x y", "slow"]);
});

Deno.test("parseAnnounceReply() fills in missing fields", () => {
  assertEquals(parseAnnounceReply(bytes("de")), {
    intervalMs: 120_000,
    minIntervalMs: 60_000,
    complete: undefined,
    incomplete: undefined,
    peers: [],
    warning: undefined,
    trackerId: undefined,
  });
});

Deno.test("parseAnnounceReply() bounds intervals", () => {
  const interval = (seconds: number): number =>
    parseAnnounceReply(bytes(`d8:intervali${seconds}ee`)).intervalMs;
  assertEquals(interval(0), 1_000);
  assertEquals(interval(1_800), 1_800_000);
  assertEquals(interval(9_000_000_000), 86_400_000);
});

Deno.test("parseAnnounceReply() drops peers that cannot be dialed", () => {
  const entry = (ip: string, port: string): string =>
    `d2:ip${ip.length}:${ip}4:port${port}e`;
  const list = [
    entry("example.com", "i1e"), // names are never resolved
    entry("192.0.2.1", "i0e"),
    entry("192.0.2.1", "i65536e"),
    entry("192.0.2.1", "i-1e"),
    entry("192.0.2.1", "2:80"),
    "d2:ip9:192.0.2.1e",
    "d4:porti80ee",
    entry("::ffff:192.0.2.9", "i80e"),
  ].join("");
  assertEquals(parseAnnounceReply(bytes(`d5:peersl${list}ee`)).peers, [
    { hostname: "192.0.2.9", port: 80 },
  ]);
  // The same in the compact form: port 0.
  assertEquals(
    parseAnnounceReply(bytes("d5:peers6:\xc0\x00\x02\x01\0\0e")).peers,
    [],
  );
});

Deno.test("parseAnnounceReply() refuses a malformed reply and says why", () => {
  for (
    const [reply, reason] of [
      ["<html>", "does the URL end in /announce?"],
      ["di1e", "the answer is not bencode"],
      ["le", "the answer is not a dictionary"],
      ["i1e", "the answer is not a dictionary"],
      ["d5:peersi1ee", "peers is neither a list nor bytes"],
      ["d5:peersdee", "peers is neither a list nor bytes"],
      ["d5:peersli1eee", "peers has an entry that is no dictionary"],
      ["d5:peers5:12345e", "peers is truncated: 5 bytes"],
      ["d6:peers617:12345678901234567e", "peers6 is truncated: 17 bytes"],
      ["d8:intervali-1ee", "interval is not a whole number"],
      ["d8:interval3:120e", "interval is not a whole number"],
      ["d8:completei99999999999999999eee", "the answer is not bencode"],
      ["d8:completei99999999999999999ee", "complete is not a whole number"],
    ] as const
  ) {
    assertThrows(() => parseAnnounceReply(bytes(reply)), TrackerError, reason);
  }
});

Deno.test("parseAnnounceReply() takes at most two thousand peers of a list", () => {
  const peers = Array.from(
    { length: 100_000 },
    (_, index) =>
      `\x0a${
        String.fromCharCode(index >> 16, index >> 8 & 255, index & 255)
      }\x1a\xe1`,
  );
  const reply = parseAnnounceReply(
    bytes(`d5:peers600000:${peers.join("")}6:peers636:${"\x20".repeat(36)}e`),
  );
  assertEquals(reply.peers.length, 2_002);
  assertEquals(reply.peers[1999], { hostname: "10.0.7.207", port: 6881 });
});

Deno.test("parseAnnounceReply() refuses a reply of too many values", () => {
  const entries = "de".repeat(100_000);
  assertThrows(
    () => parseAnnounceReply(bytes(`d5:peersl${entries}ee`)),
    TrackerError,
    "more than 16384 items",
  );
});

Deno.test("findRefusal() finds the failure reason, if there is one", () => {
  assertEquals(
    findRefusal(encodeFailure("no\n")),
    "the tracker refused: no ",
  );
  for (const body of ["", "de", "<html>", "le", "d14:failure reasoni1ee"]) {
    assertEquals(findRefusal(bytes(body)), undefined, body);
  }
});
