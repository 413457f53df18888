import { assertEquals, assertThrows } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import {
  type InfoHash,
  infoHashFromBytes,
  infoHashFromHex,
} from "../../../lib/base/identifier.ts";
import type { ScrapeEntry } from "../../../lib/announce/announce.ts";
import { parseScrapeReply } from "../../../lib/announce/http_codec.ts";
import { encodeScrapeReply } from "../../../lib/tracker/announce_answer.ts";
import { bytes, infoHash } from "./samples.ts";

function entry(hash: InfoHash, complete: number): ScrapeEntry {
  return { infoHash: hash, complete, incomplete: 2, downloaded: 3 };
}

Deno.test("parseScrapeReply() reads info hashes of any bytes", () => {
  const hashes = [
    "00".repeat(20),
    "41".repeat(20), // "AAAA…", text
    "c3a9".repeat(10), // "éééé…", text of two bytes a character
    "80".repeat(20), // not UTF-8
    "ff00".repeat(10),
    "31".repeat(20), // "1111…", digits alone
  ].map(infoHashFromHex);
  const entries = hashes.map((hash, index) => entry(hash, index));
  const parsed = parseScrapeReply(encodeScrapeReply(entries));
  const byHash = (a: ScrapeEntry, b: ScrapeEntry): number =>
    a.infoHash < b.infoHash ? -1 : 1;
  assertEquals(parsed.toSorted(byHash), entries.toSorted(byHash));
});

Deno.test("parseScrapeReply() reads a missing count as 0", () => {
  assertEquals(
    parseScrapeReply(bytes(`d5:filesd20:${"D".repeat(20)}deee`)),
    [{
      infoHash: infoHash("4"),
      complete: 0,
      incomplete: 0,
      downloaded: 0,
    }],
  );
});

Deno.test("parseScrapeReply() skips keys that are not info hashes", () => {
  const keys = ["abc", "__proto__", "\xff", "ff", "a".repeat(40)];
  const others = keys.map((key) => `${key.length}:${key}de`).join("");
  // Twenty bytes of UTF-8 that are ten characters.
  const hash = `\xe2\x82\xac`.repeat(5) + "abcde";
  const reply = `d5:filesd${others}20:${hash}d8:completei7eee9:__proto__lee`;
  assertEquals(parseScrapeReply(bytes(reply)), [{
    infoHash: infoHashFromBytes(bytes(hash)),
    complete: 7,
    incomplete: 0,
    downloaded: 0,
  }]);
});

Deno.test("parseScrapeReply() refuses a malformed scrape and says why", () => {
  for (
    const [reply, reason] of [
      ["", "the answer is not bencode"],
      ["le", "the answer is not a dictionary"],
      ["de", "files is not a dictionary"],
      ["d5:files0:e", "files is not a dictionary"],
      [
        `d5:filesd20:${"D".repeat(20)}i1eee`,
        "files has no dictionary for 4444",
      ],
      [
        `d5:filesd20:${"D".repeat(20)}d8:completei-1eeee`,
        "complete is not a whole number",
      ],
      ["d14:failure reason2:noe", "the tracker refused: no"],
    ] as const
  ) {
    assertThrows(() => parseScrapeReply(bytes(reply)), TrackerError, reason);
  }
});
