import { assertEquals, assertThrows } from "@std/assert";
import type { What } from "../../../cli/find_share.ts";
import { parseGetJob } from "../../../cli/get.ts";
import { UsageError } from "../../../cli/program_error.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";

Deno.test("parseGetJob() tells what WHAT is", () => {
  const machine = (hostname: string, port?: number): What => (
    { type: "machine", hostname, port }
  );
  const torrent = (source: string): What => ({ type: "torrent", source });
  for (
    const [text, what] of [
      ["images", { type: "name", name: "images" }],
      ["holiday 2024.zip", { type: "name", name: "holiday 2024.zip" }],
      ["teacher-pc", { type: "name", name: "teacher-pc" }],
      ["192.168.1.10", machine("192.168.1.10")],
      ["192.168.1.10:8001", machine("192.168.1.10", 8001)],
      ["teacher-pc:8000", machine("teacher-pc", 8000)],
      ["lanswarm.local", machine("lanswarm.local")],
      ["fd00::1", machine("fd00::1")],
      ["[fd00::1]", machine("fd00::1")],
      ["[fd00::1]:8000", machine("fd00::1", 8000)],
      ["http://192.168.1.10:8000/", machine("192.168.1.10", 8000)],
      ["http://teacher-pc/", machine("teacher-pc", 80)],
      ["http://[fd00::1]:8000/?q", machine("fd00::1", 8000)],
      [
        "http://a:8000/torrents/b.torrent",
        torrent("http://a:8000/torrents/b.torrent"),
      ],
      ["a/b.torrent", torrent("a/b.torrent")],
      [HASH, torrent(`magnet:?xt=urn:btih:${HASH}`)],
      // Only what is used of it.
      [
        `magnet:?so=1&kt=word&xt=urn:btih:${HASH.toUpperCase()}`,
        torrent(`magnet:?xt=urn:btih:${HASH}&so=1`),
      ],
    ] as const
  ) assertEquals(parseGetJob([text]).what, what, text);
  assertEquals(parseGetJob([]).what, { type: "any" });
});

Deno.test("parseGetJob() waits 3 s for any share, 60 s for a named one", () => {
  assertEquals(parseGetJob([]).retryForMs, 3_000);
  assertEquals(parseGetJob(["images"]).retryForMs, 60_000);
  assertEquals(parseGetJob(["--retry-for", "forever"]).retryForMs, Infinity);
});

Deno.test("parseGetJob() refuses what nobody can mean", () => {
  for (
    const [args, reason] of [
      [["a", "b"], "more than one WHAT is given"],
      [["--no-discovery"], "--no-discovery: "],
      [["a", "--quiet", "--json"], "--quiet and --json"],
      [["a", "--on-complete", " "], "--on-complete: it contains no command"],
      [["magnet:?xt=urn:btih:x"], "has no 40 hex or 32 base32 digits"],
      [["a", "--seed-only"], "unknown flag --seed-only"],
      [["a", "--link"], "--link: give the older version with --from"],
      [["a", "--atomic", "--on-file", "x"], "--on-file: with --atomic"],
    ] as const
  ) assertThrows(() => parseGetJob(args), UsageError, reason);
});
