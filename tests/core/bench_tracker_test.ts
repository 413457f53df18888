import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  parseLoadReport,
  sampleInfoHashes,
} from "../../scripts/bench/tracker/announce_load.ts";

/** A report of wrk 4.1. */
const REPORT = `Running 5s test @ http://127.0.0.1:6969/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.63ms    1.02ms  21.10ms   95.47%
    Req/Sec    20.21k     1.22k   22.01k    84.00%
  Latency Distribution
     50%    1.50ms
     75%    1.71ms
     90%    2.05ms
     99%    5.97ms
  100567 requests in 5.00s, 33.19MB read
  Socket errors: connect 0, read 100560, write 0, timeout 0
Requests/sec:  20105.58
Transfer/sec:      6.64MB
`;

Deno.test("parseLoadReport() reads a report of wrk", () => {
  assertEquals(parseLoadReport(REPORT), {
    announcesPerSecond: 20105.58,
    p99Ms: 5.97,
  });
  for (
    const [p99, p99Ms] of [["870.00us", 0.87], ["1.20s", 1200]] as const
  ) {
    const report = REPORT.replace("5.97ms", p99);
    assertEquals(parseLoadReport(report).p99Ms, p99Ms);
  }
});

Deno.test("parseLoadReport() refuses a report with failed answers", () => {
  const failed = `${REPORT}  Non-2xx or 3xx responses: 7\n`;
  assertThrows(() => parseLoadReport(failed), Error, "7 answers failed");
  assertThrows(() => parseLoadReport("unable to connect"), Error, "it says");
});

Deno.test("sampleInfoHashes() returns the same distinct info hashes each time", () => {
  const infoHashes = sampleInfoHashes(1_000);
  assertEquals(infoHashes, sampleInfoHashes(1_000));
  assertEquals(new Set(infoHashes).size, 1_000);
  for (const infoHash of infoHashes) assertMatch(infoHash, /^[0-9a-f]{40}$/);
});
