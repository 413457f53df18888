import { assertEquals } from "@std/assert";
import type { HostEvidence } from "../../../lib/rollout/reason.ts";
import type { HostReport } from "../../../lib/rollout/host_report.ts";
import type { Rollout } from "../../../lib/rollout/rollout.ts";
import { announce, createRollout, report } from "./rollout_sample.ts";

const EVIDENCE: HostEvidence = {
  disk: 0,
  late: 0,
  hash: 0,
  idle: 0,
  stall: 0,
  peerCount: 4,
  limitBytesPerSecond: 0,
  isWireless: false,
};

/** Reports of host 4 in one second, beside those of three fast ones. */
type Second = Partial<HostReport> | "silent";

/** The codes that host 4 has in each second, `-` for none. */
function codesOf(
  seconds: readonly Second[],
  rollout: Rollout = createRollout(),
): string {
  const codes = seconds.map((second, index) => {
    const nowMs = index * 1_000;
    const fraction = index / 1_000;
    for (const digit of ["1", "2", "3"]) {
      const rates = { downloadBytesPerSecond: 100, fraction };
      const evidence = { ...EVIDENCE, late: 0.1 };
      rollout.reported(
        report(digit, { ...rates, evidence }),
        `192.168.1.${digit}`,
        nowMs,
      );
    }
    if (second !== "silent") {
      const sign = report("4", { fraction, evidence: EVIDENCE, ...second });
      rollout.reported(sign, "192.168.1.4", nowMs);
    }
    const hosts = rollout.hosts(nowMs);
    const others = hosts.filter(({ name }) => name !== "lab04");
    assertEquals(others.flatMap(({ reasonCode }) => reasonCode ?? []), []);
    return hosts.find(({ name }) => name === "lab04")?.reasonCode ?? "-";
  });
  return codes.join(" ");
}

/** Seconds that are all alike. */
function seconds(count: number, second: Second): Second[] {
  return Array(count).fill(second);
}

const FAST = { downloadBytesPerSecond: 95 };
const SLOW_DISK = {
  downloadBytesPerSecond: 30,
  evidence: { ...EVIDENCE, disk: 0.9 },
};
const SLOW_CPU = {
  downloadBytesPerSecond: 30,
  evidence: { ...EVIDENCE, late: 0.9 },
};

function dashes(count: number): string {
  return "- ".repeat(count);
}

Deno.test("a host has a reason once it is below 60 % of the median for 10 s", () => {
  const codes = codesOf([...seconds(5, FAST), ...seconds(15, SLOW_DISK)]);
  // And the reason must be the strongest for 2 s.
  assertEquals(codes, `${dashes(17)}disk disk disk`);
});

Deno.test("a short dip, a rate above 60 % and evidence alone are no reason", () => {
  const dips = [...seconds(9, SLOW_DISK), FAST];
  assertEquals(codesOf([...dips, ...dips, ...dips]).includes("disk"), false);
  const busy = { ...SLOW_DISK, downloadBytesPerSecond: 65 };
  assertEquals(codesOf(seconds(30, busy)).includes("disk"), false);
});

Deno.test("a reason stays while the rate moves a little, and ends when it recovers", () => {
  const slow = seconds(13, SLOW_DISK);
  const between = { ...SLOW_DISK, downloadBytesPerSecond: 65 };
  const codes = codesOf([
    ...slow,
    ...seconds(10, between),
    ...seconds(2, FAST),
    ...seconds(2, SLOW_DISK),
    ...seconds(5, FAST),
  ]);
  assertEquals(
    codes,
    `${dashes(12)}${"disk ".repeat(1 + 10 + 2 + 2 + 3)}- -`,
  );
});

Deno.test("another reason must be the strongest for 5 s; one without evidence is kept for 10 s", () => {
  const unknown = { downloadBytesPerSecond: 30 };
  const codes = codesOf([
    ...seconds(13, SLOW_DISK),
    ...seconds(3, SLOW_CPU),
    ...seconds(3, SLOW_DISK),
    ...seconds(7, SLOW_CPU),
    ...seconds(11, unknown),
  ]);
  assertEquals(
    codes,
    `${dashes(12)}${"disk ".repeat(1 + 3 + 3 + 5)}cpu cpu ${
      "cpu ".repeat(9)
    }- -`,
  );
});

Deno.test("the last host is compared with those that are done", () => {
  const rollout = createRollout();
  codesOf(seconds(20, SLOW_DISK), rollout);
  let code: string | undefined;
  for (let nowMs = 20_000; nowMs <= 60_000; nowMs += 1_000) {
    for (const digit of ["1", "2", "3"]) {
      const done = report(digit, { state: "verified", fraction: 1 });
      rollout.reported(done, `192.168.1.${digit}`, nowMs);
    }
    const fraction = nowMs / 1e6;
    const sign = report("4", { ...SLOW_DISK, fraction });
    rollout.reported(sign, "192.168.1.4", nowMs);
    code = rollout.hosts(nowMs)[3]!.reasonCode;
  }
  assertEquals(code, "disk");
});

Deno.test("a silent host has left as silent, one that stops as left, one never seen is silent", () => {
  const rollout = createRollout();
  codesOf([...seconds(5, FAST), ...seconds(20, "silent")], rollout);
  const [last] = rollout.hosts(40_000).filter(({ name }) => name === "lab04");
  assertEquals([last!.state, last!.reasonCode, last!.reason], [
    "left",
    "silent",
    "at 0 %, silent for 36 s: check its power, its cable and the program there",
  ]);
  rollout.announced(announce("4", { event: "stopped" }), 41_000);
  const [stopped] = rollout.hosts(41_000).filter(({ name }) =>
    name === "lab04"
  );
  assertEquals([stopped!.state, stopped!.reasonCode], ["left", "left"]);
});

Deno.test("a slow host is probed until it is settled whether others reach it", () => {
  const rollout = createRollout();
  const few = {
    downloadBytesPerSecond: 30,
    evidence: { ...EVIDENCE, peerCount: 1 },
  };
  assertEquals(codesOf(seconds(3, few), rollout), "- - -");
  assertEquals(rollout.slow.takeDue(), undefined);
  // A second rollout of the same time: its host answers nobody.
  const other = createRollout();
  const attempts: number[] = [];
  const codes: string[] = [];
  for (let index = 0; index < 30; index++) {
    const nowMs = index * 1_000;
    for (const digit of ["1", "2", "3", "4"]) {
      const rates = digit === "4" ? few : { downloadBytesPerSecond: 100 };
      const fraction = index / 1_000;
      const sign = report(digit, { fraction, ...rates });
      other.reported(sign, `192.168.1.${digit}`, nowMs);
    }
    codes.push(other.hosts(nowMs)[3]!.reasonCode ?? "-");
    for (;;) {
      const row = other.slow.takeDue();
      if (row === undefined) break;
      assertEquals([row.hostnames, row.port], [["192.168.1.4"], 6881]);
      attempts.push(index);
      row.judgement.noteProbe(false, nowMs);
    }
  }
  assertEquals(attempts, [3, 6]);
  assertEquals(codes.at(-1), "unreachable");
});

Deno.test("a host that is stuck has the reason beside the time", () => {
  const rollout = createRollout();
  rollout.own = announce("0").peerId;
  let text: string | undefined;
  for (let nowMs = 0; nowMs <= 30_000; nowMs += 1_000) {
    const evidence = { ...EVIDENCE, peerCount: 1 };
    const rates = { downloadBytesPerSecond: 0, freeBytes: 100 };
    rollout.reported(report("4", { ...rates, evidence }), "::4", nowMs);
    const [host] = rollout.hosts(nowMs);
    text = `${host!.reasonCode} ${host!.state} ${host!.reason}`;
  }
  assertEquals(
    text,
    "diskFull stuck for 30 s at 50 %: its disk is full (100 B free, 500 B needed); free some space there",
  );
});

Deno.test("thousands that lie in a host's name change neither its row nor its reason", () => {
  const rollout = createRollout();
  codesOf(seconds(15, SLOW_DISK), rollout);
  const liar = { ...EVIDENCE, late: 1, peerCount: 0, isWireless: true };
  for (let number = 0; number < 3_000; number++) {
    const lie = report("4", {
      peerId: `${number}`.padStart(40, "0") as HostReport["peerId"],
      ...{ downloadBytesPerSecond: 30, fraction: 0.9, evidence: liar },
      ...{ state: number % 2 === 0 ? "fetching" : "verified" },
    });
    rollout.reported(lie, `10.0.${number >> 8}.${number & 255}`, 14_500);
  }
  const hosts = rollout.hosts(15_000);
  const [own] = hosts.filter(({ name }) => name === "lab04");
  assertEquals([own!.address, own!.reasonCode, own!.fraction < 0.02], [
    ...["192.168.1.4", "disk", true],
  ]);
  assertEquals(hosts.length, 3_004);
});
