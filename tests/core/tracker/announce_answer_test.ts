import { assertEquals } from "@std/assert";
import {
  encodeAnnounceAnswer,
  encodeFailure,
  encodeScrapeReply,
  ReplyWriter,
} from "../../../lib/tracker/announce_answer.ts";
import { parseAnnounceReply } from "../../../lib/announce/http_codec.ts";
import { decodeBencode } from "../../../lib/bencode/decode.ts";
import {
  ANNOUNCE_ANSWER,
  infoHash,
  pickedPeers,
  text,
} from "../announce/samples.ts";

const COUNTS =
  "8:completei1e10:downloadedi3e10:incompletei2e8:intervali120e12:min intervali30e";

Deno.test("encodeAnnounceAnswer() writes compact peers of both families", () => {
  assertEquals(
    text(encodeAnnounceAnswer(ANNOUNCE_ANSWER)),
    `d${COUNTS}5:peers12:\xc0\x00\x02\x01\x1a\xe1\xc0\x00\x02\x02\x00\x50` +
      "6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x00\x50e",
  );
});

Deno.test("encodeAnnounceAnswer() writes an empty list for no peers", () => {
  const peers = pickedPeers([]);
  assertEquals(
    text(encodeAnnounceAnswer({ ...ANNOUNCE_ANSWER, peers })),
    `d${COUNTS}5:peers0:e`,
  );
});

Deno.test("encodeAnnounceAnswer() writes dictionaries, with peer ids or without", () => {
  const one = pickedPeers([["one", { hostname: "192.0.2.1", port: 6881 }]]);
  const written = (
    peerForm: "dictionaries" | "dictionariesWithoutId",
  ): string =>
    text(encodeAnnounceAnswer({ ...ANNOUNCE_ANSWER, peers: one, peerForm }));
  assertEquals(
    written("dictionaries"),
    `d${COUNTS}5:peersld2:ip9:192.0.2.17:peer id20:one-----------------4:porti6881eeee`,
  );
  assertEquals(
    written("dictionariesWithoutId"),
    `d${COUNTS}5:peersld2:ip9:192.0.2.14:porti6881eeee`,
  );
});

Deno.test("encodeAnnounceAnswer() writes the external address and a warning", () => {
  for (const peerForm of ["compact", "dictionaries"] as const) {
    const answer = text(encodeAnnounceAnswer({
      ...ANNOUNCE_ANSWER,
      peerForm,
      externalHostname: "192.0.2.9",
      warning: "grüße",
    }));
    const [before, after] = [
      "d8:completei1e10:downloadedi3e11:external ip4:",
      "10:incompletei2e8:intervali120e12:min intervali30e5:peers",
    ];
    assertEquals(answer.startsWith(`${before}\xc0\0\x02\x09${after}`), true);
    // In UTF-8.
    assertEquals(
      answer.endsWith("15:warning message7:gr\xc3\xbc\xc3\x9fee"),
      true,
    );
  }
});

Deno.test("encodeAnnounceAnswer() writes numbers of any size", () => {
  const numbers = [
    0,
    1,
    9,
    10,
    99,
    100,
    65_535,
    999_999,
    1e6,
    2 ** 32,
    2 ** 53 - 1,
  ];
  for (const complete of numbers) {
    const swarm = { ...ANNOUNCE_ANSWER.swarm, complete };
    const reply = decodeBencode(
      encodeAnnounceAnswer({ ...ANNOUNCE_ANSWER, swarm }),
    ) as { complete: number };
    assertEquals(reply.complete, complete);
  }
});

Deno.test("encodeAnnounceAnswer() has room for any number of peers, and leaves earlier replies of its writer alone", () => {
  const writer = new ReplyWriter();
  const small = encodeAnnounceAnswer(ANNOUNCE_ANSWER, writer);
  const copy = small.slice();
  const many = pickedPeers(
    Array.from({ length: 1_000 }, (_, index) => [
      `${index}`,
      { hostname: `2001:db8::${(index + 1).toString(16)}`, port: 6881 },
    ]),
  );
  const large = encodeAnnounceAnswer(
    { ...ANNOUNCE_ANSWER, peers: many },
    writer,
  );
  assertEquals(parseAnnounceReply(large).peers.length, 1_000);
  assertEquals(small, copy);
});

Deno.test("encodeFailure() writes the time to try again in minutes", () => {
  const written = (retryInMs?: number): string =>
    text(encodeFailure("full", retryInMs));
  assertEquals(written(), "d14:failure reason4:fulle");
  assertEquals(written(1), "d14:failure reason4:full8:retry ini1ee");
  assertEquals(written(60_000), "d14:failure reason4:full8:retry ini1ee");
  assertEquals(written(60_001), "d14:failure reason4:full8:retry ini2ee");
});

const COUNTED = { incomplete: 2, downloaded: 3 };

Deno.test("encodeScrapeReply() writes files keyed by raw info hashes, in order", () => {
  const counts = (complete: number): string =>
    `d8:completei${complete}e10:downloadedi3e10:incompletei2ee`;
  assertEquals(
    text(
      encodeScrapeReply([{ ...COUNTED, infoHash: infoHash("f"), complete: 5 }, {
        ...COUNTED,
        infoHash: infoHash("4"),
        complete: 1,
      }]),
    ),
    `d5:filesd20:${"D".repeat(20)}${counts(1)}20:${"\xff".repeat(20)}${
      counts(5)
    }ee`,
  );
  assertEquals(text(encodeScrapeReply([])), "d5:filesdee");
});
