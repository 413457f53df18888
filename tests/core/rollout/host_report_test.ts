import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import { infoHashFromHex, type PeerId } from "../../../lib/base/identifier.ts";
import {
  type HostReport,
  parseReport,
  REPORT_PATH,
  reportPath,
} from "../../../lib/rollout/host_report.ts";

const REPORT: HostReport = {
  infoHash: infoHashFromHex("ab".repeat(20)),
  peerId: "cd".repeat(20) as PeerId,
  port: 6881,
  name: "lab07.example.org",
  addresses: ["192.168.1.7", "fd00::7"],
  state: "failed",
  fraction: 0.625,
  wantedBytes: 5_000_000,
  downloadBytesPerSecond: 12_345_678,
  uploadBytesPerSecond: 0,
  freeBytes: 3_100_000_000,
  exitCode: 3,
  reason: "cannot write a & b: the disk is full; 100 %",
  reasonCode: "diskFull",
  evidence: {
    disk: 0.93,
    late: 0,
    hash: 0.05,
    idle: 1,
    stall: 0.5,
    peerCount: 12,
    limitBytesPerSecond: 1_048_576,
    isWireless: true,
  },
  stays: false,
};

function reread(report: HostReport): HostReport {
  const path = reportPath(report);
  assertEquals(path.startsWith(`${REPORT_PATH}?`), true);
  const read = parseReport(path.slice(REPORT_PATH.length + 1));
  // Without the fields that are not in the query.
  return JSON.parse(JSON.stringify(read));
}

Deno.test("parseReport() reads what reportPath() writes", () => {
  assertEquals(reread(REPORT), REPORT);
  // A version without codes and measurements.
  const least: HostReport = {
    ...{ infoHash: REPORT.infoHash, port: 0, name: "", addresses: [] },
    ...{ state: "waiting", fraction: 0, stays: false },
    ...{ downloadBytesPerSecond: 0, uploadBytesPerSecond: 0 },
  };
  assertEquals(reread(least), least);
  const { reasonCode: _, evidence: __, ...former } = REPORT;
  assertEquals(reread({ ...REPORT, reasonCode: "new" as "cpu" }), {
    ...former,
    evidence: REPORT.evidence!,
  });
  // Everything is only said of everything.
  assertEquals(reread({ ...REPORT, fraction: 0.99999999 }).fraction, 0.999999);
});

Deno.test("reportPath() stays short, whatever the reason and the name are", () => {
  assertEquals(
    reread({ ...REPORT, reason: "x".repeat(9_999) }).reason?.length,
    300,
  );
  assertEquals(
    reread({ ...REPORT, reason: "\u3042".repeat(300) }).reason,
    undefined,
  );
  assertEquals(reread({ ...REPORT, name: "a\x1b[31m" }).name, "");
  assertLess(
    reportPath({ ...REPORT, reason: "é".repeat(9_999) }).length,
    2_100,
  );
});

Deno.test("parseReport() takes nothing that a terminal or a page could obey", () => {
  const base = reportPath(REPORT).slice(REPORT_PATH.length + 1);
  const reason = encodeURIComponent("a\x1b[2J\u202eb\nc\u2028d");
  const replaced = base.replace(/reason=[^&]*/, `reason=${reason}`);
  assertEquals(parseReport(replaced).reason, "a [2J b c d");
});

Deno.test("parseReport() refuses what is malformed, whatever it is", () => {
  const query = reportPath(REPORT).slice(REPORT_PATH.length + 1);
  for (
    const [key, value] of [
      ...[["info_hash", "ab"], ["info_hash", "AB".repeat(20)]],
      ...[["peer_id", "x".repeat(40)], ["name", "a\nb"], ["name", "<b>"]],
      ...[["name", "x".repeat(254)], ["state", "left"], ["state", ""]],
      ...[["fraction", "1.1"], ["fraction", "-1"], ["fraction", "NaN"]],
      ...[["fraction", ""], ["down", "0x10"], ["up", "1e3"], ["port", "65536"]],
      ...[["free", "99999999999999999"], ["exit", "-1"], ["stays", "no"]],
      ...[["disk", "1.1"], ["late", ""], ["peers", "-1"], ["limit", "x"]],
      ...[["addresses", "a"], ["addresses", "::1,".repeat(9)]],
    ] as [string, string][]
  ) {
    const changed = new URLSearchParams(query);
    changed.set(key, value);
    assertThrows(
      () => parseReport(`${changed}`),
      ProtocolError,
      undefined,
      key,
    );
  }
  for (
    const text of ["", "%", "state=fetching", `${query}&x=${"x".repeat(2048)}`]
  ) {
    assertThrows(() => parseReport(text), ProtocolError);
  }
});

Deno.test("parseReport() reads the bytes received, of which the source has sent no more than all", () => {
  const { receivedBytes, sourceBytes } = reread({
    ...REPORT,
    ...{ receivedBytes: 7_000, sourceBytes: 9_000, change: 3 },
  });
  assertEquals([receivedBytes, sourceBytes], [7_000, 7_000]);
  const [, query] = reportPath(REPORT).split("?");
  assertThrows(
    () => parseReport(`${query}&received=1&from_source=2`),
    ProtocolError,
    "from_source is malformed",
  );
  assertEquals("receivedBytes" in reread(REPORT), false);
});
