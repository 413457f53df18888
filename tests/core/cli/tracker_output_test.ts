import { assertEquals } from "@std/assert";
import { formatStart, trackerUrls } from "../../../cli/tracker_output.ts";

const URLS = trackerUrls(["192.168.1.100", "fe80::1"], 8000);

Deno.test("formatStart() suggests the commands that it is given", () => {
  const hints = { create: "peer create", peer: "peer" };
  assertEquals(formatStart(URLS, hints), [
    "announce   http://192.168.1.100:8000/announce",
    "or         http://[fe80::1]:8000/announce",
    "stats      http://192.168.1.100:8000/stats",
    "to share   peer create FILE http://192.168.1.100:8000/announce",
    "           then on every machine: peer FILE.torrent",
    "Ctrl+C stops the tracker.",
  ]);
  assertEquals(formatStart(URLS, undefined).length, 3);
});
