import { assertEquals } from "@std/assert";
import { infoHashFromHex, type PeerId } from "../../../lib/base/identifier.ts";
import type { HostReport } from "../../../lib/rollout/host_report.ts";
import type { Rollout } from "../../../lib/rollout/rollout.ts";
import {
  announce,
  B,
  createRollout,
  expecting,
  report,
  rowsOf,
} from "./rollout_sample.ts";

/** The numbers of hosts that are complete, and that are there and lack something. */
function countsOf(rollout: Rollout, nowMs = 0): [number, number] {
  const hosts = rollout.hosts(nowMs);
  const complete = hosts.filter(({ fraction }) => fraction === 1).length;
  const gone = hosts.filter(({ state }) => state === "left").length;
  return [complete, hosts.length - complete - gone];
}

Deno.test("Rollout counts hosts that fetch a share and hosts that are complete", () => {
  const rollout = createRollout();
  rollout.own = announce("0").peerId;
  rollout.announced(announce("0", { left: 0 }), 0);
  rollout.announced(announce("1"), 0);
  rollout.announced(announce("2"), 0);
  rollout.announced(announce("2", { event: "completed", left: 0 }), 0);
  const other = infoHashFromHex("cc".repeat(20));
  rollout.announced(announce("3", { infoHash: other }), 0);
  assertEquals(countsOf(rollout), [1, 1]);
  assertEquals(
    rollout.reported(report("3", { infoHash: other }), "::1", 0),
    false,
  );
});

Deno.test("a host that left complete stays verified, another one has left", () => {
  const rollout = createRollout();
  rollout.announced(announce("1", { left: 0, event: "completed" }), 0);
  rollout.announced(announce("1", { left: 0, event: "stopped" }), 0);
  // It has everything when it is first heard of, and leaves.
  rollout.announced(announce("2", { left: 0, event: "stopped" }), 0);
  rollout.announced(announce("3", { left: 380 }), 0);
  rollout.announced(announce("3", { left: 380, event: "stopped" }), 0);
  assertEquals(rowsOf(rollout, 1_000_000), [
    "192.168.1.1 verified",
    "192.168.1.2 verified",
    "192.168.1.3 left: at 62 %",
  ]);
});

Deno.test("a host that reports that all is verified stays so after a late announce", () => {
  const rollout = createRollout();
  const { peerId, hostname } = announce("1");
  rollout.reported(report("1", { peerId, state: "verified" }), hostname, 0);
  rollout.announced(announce("1", { left: 380 }), 100);
  assertEquals(rowsOf(rollout, 200), ["lab01 verified"]);
  // Another peer of the host is a download of its own.
  const restarted = announce("2").peerId;
  rollout.announced(announce("1", { peerId: restarted, left: 380 }), 300);
  assertEquals(countsOf(rollout, 400), [0, 1]);
});

Deno.test("a host is complete with every share that it takes part in", () => {
  const rollout = createRollout();
  rollout.announced(announce("1", { left: 0 }), 0);
  rollout.announced(announce("1", { infoHash: B }), 0);
  assertEquals(countsOf(rollout), [0, 1]);
  rollout.announced(announce("1", { infoHash: B, left: 0 }), 0);
  assertEquals(countsOf(rollout), [1, 0]);
});

Deno.test("a host that wants a part stays verified when it announces what it lacks", () => {
  const rollout = createRollout();
  rollout.announced(announce("1", { left: 1_000 }), 0);
  const wantedBytes = 100;
  for (let nowMs = 0; nowMs <= 4_000; nowMs += 1_000) {
    const fraction = nowMs / 10_000;
    rollout.reported(
      report("1", { wantedBytes, fraction }),
      "192.168.1.1",
      nowMs,
    );
  }
  rollout.announced(announce("1", { left: 960 }), 4_000);
  assertEquals(rollout.hosts(4_000)[0]!.fraction, 0.4);
  // 60 bytes at 10 in a second, not 960.
  assertEquals(Math.round(rollout.finish(4_000)!.leftMs / 1_000), 6);
  const verified = report("1", { wantedBytes, state: "verified", fraction: 1 });
  rollout.reported(verified, "192.168.1.1", 10_000);
  rollout.announced(announce("1", { left: 900 }), 20_000);
  assertEquals(rowsOf(rollout, 20_000), ["lab01 verified"]);
  assertEquals(rollout.hosts(20_000)[0]!.completeAtMs, 10_000);
  // It is started again for the rest.
  rollout.announced(
    announce("7", { hostname: "192.168.1.1", left: 900 }),
    30_000,
  );
  const rest = report("7", { name: "lab01", fraction: 0.1 });
  rollout.reported(rest, "192.168.1.1", 30_000);
  assertEquals(rowsOf(rollout, 30_000), ["lab01 fetching"]);
});

Deno.test("a host that was started again keeps its row", () => {
  const rollout = createRollout();
  rollout.announced(announce("1", { left: 0 }), 0);
  const again = { hostname: "192.168.1.1", left: 500 };
  rollout.announced(announce("7", again), 1_000);
  // It was imaged anew: what it had is gone.
  assertEquals(rowsOf(rollout, 1_000), ["192.168.1.1 fetching"]);
  // A second peer at one address is another row.
  rollout.announced(announce("8", { ...again, left: 0, port: 6882 }), 2_000);
  assertEquals(countsOf(rollout, 2_000), [1, 1]);
  assertEquals(rollout.hosts(2_000)[0]!.firstSeenMs, 0);
});

Deno.test("a killed host has left within 15 s, and is back in its row", () => {
  const rollout = expecting("lab0[1-2]");
  const kill = 5_000;
  rollout.announced(announce("1"), 0);
  for (let nowMs = 0; nowMs <= kill; nowMs += 1_000) {
    rollout.reported(report("1"), "192.168.1.1", nowMs);
  }
  assertEquals(rowsOf(rollout, kill + 10_000)[0], "lab01 fetching");
  assertEquals(rowsOf(rollout, kill + 15_000), [
    "lab01 left: at 50 %, silent for 15 s: check its power, its cable and the program there",
    "lab02 missing: never seen",
  ]);
  rollout.announced(announce("7", { hostname: "192.168.1.1" }), 30_000);
  rollout.reported(
    report("7", { name: "lab01", fraction: 0.6 }),
    "192.168.1.1",
    30_500,
  );
  assertEquals(rowsOf(rollout, 31_000)[0], "lab01 fetching");
  assertEquals(rollout.hosts(31_000).length, 2);
});

Deno.test("a state follows from reports: waiting, verifying, stuck, failed, done", () => {
  const rollout = createRollout();
  const step = (
    nowMs: number,
    changes: Partial<HostReport>,
    seenMs = nowMs,
  ): string => {
    rollout.reported(report("1", changes), "192.168.1.1", nowMs);
    return rowsOf(rollout, seenMs)[0]!;
  };
  assertEquals(step(0, { state: "waiting", fraction: 0 }), "lab01 waiting");
  assertEquals(step(60_000, { state: "verifying" }), "lab01 verifying");
  // A host that verified for long is not stuck when that is over.
  assertEquals(step(65_000, {}), "lab01 fetching");
  let last = "";
  for (let nowMs = 66_000; nowMs <= 310_000; nowMs += 1_000) {
    last = step(nowMs, { fraction: 0.625 });
  }
  assertEquals(last, "lab01 stuck: for 4 min at 62 %");
  assertEquals(step(311_000, { fraction: 0.7 }), "lab01 fetching");
  const reason = "the disk is full";
  assertEquals(
    step(312_000, { state: "failed", reason }),
    `lab01 failed: ${reason}`,
  );
  assertEquals(
    step(313_000, { state: "verified", fraction: 1 }),
    "lab01 verified",
  );
  assertEquals(step(314_000, { state: "done", exitCode: 0 }), "lab01 done");
  assertEquals(
    step(315_000, { state: "done", exitCode: 7 }, 900_000),
    "lab01 done: its command ended with 7",
  );
});

Deno.test("a failure counts right after another report, which others do not", () => {
  const rollout = createRollout();
  const state = (): string | undefined => rollout.hosts(100)[0]?.state;
  rollout.reported(
    report("1", { state: "waiting", fraction: 0 }),
    "192.168.1.1",
    0,
  );
  rollout.reported(report("1", { state: "verifying" }), "192.168.1.1", 50);
  assertEquals(state(), "waiting");
  rollout.reported(report("1", { state: "failed" }), "192.168.1.1", 100);
  assertEquals(state(), "failed");
});

Deno.test("the verdict counts the hosts that are expected, and names the others", () => {
  const rollout = expecting("lab0[1-3],192.168.1.9");
  rollout.reported(report("1", { state: "verified" }), "192.168.1.1", 0);
  rollout.reported(
    report("2", { state: "done", name: "LAB02.school.example" }),
    "192.168.1.2",
    0,
  );
  rollout.announced(announce("9", { left: 0 }), 0);
  // Not expected: it is shown, and does not count.
  rollout.reported(report("8", { state: "verified" }), "192.168.1.8", 0);
  const hosts = rollout.hosts(0);
  const { missing, ...verdict } = rollout.verdict(hosts);
  assertEquals(verdict, {
    expected: 4,
    needed: 4,
    verified: 3,
    isMet: false,
  });
  assertEquals(missing.map(({ name }) => name), ["lab03"]);
  assertEquals(hosts.map(({ name, isExpected }) => [name, isExpected]), [
    ["lab01", true],
    ["lab02", true],
    ["lab03", true],
    ["192.168.1.9", true],
    ["lab08", false],
  ]);
  const fewer = expecting("lab0[1-3]", 1);
  fewer.reported(report("3", { state: "verified" }), "192.168.1.3", 0);
  assertEquals(fewer.verdict(fewer.hosts(0)).isMet, true);
  const number = expecting("2");
  number.announced(announce("1", { left: 0 }), 0);
  assertEquals(number.verdict(number.hosts(0)).isMet, false);
  number.announced(announce("2", { left: 0 }), 0);
  assertEquals(number.verdict(number.hosts(0)).isMet, true);
  const none = createRollout();
  assertEquals(none.verdict(none.hosts(0)).isMet, false);
});

Deno.test("Rollout keeps at most 10,000 rows, and forgets those first that have left", () => {
  const rollout = createRollout();
  const join = (number: number, nowMs: number): void => {
    const peerId = `${number}`.padStart(40, "0") as PeerId;
    const hostname = `10.0.${number >> 8}.${number & 255}`;
    rollout.announced(announce("1", { peerId, hostname }), nowMs);
  };
  for (let number = 0; number < 10_100; number++) join(number, 0);
  assertEquals(countsOf(rollout), [0, 10_000]);
  join(20_000, 400_000);
  assertEquals(countsOf(rollout, 400_000), [0, 1]);
});

Deno.test("Rollout keeps at most 64 rows of one address, however fast its peers come and go", () => {
  const rollout = createRollout();
  rollout.announced(announce("2"), 0);
  for (let number = 0; number < 12_000; number++) {
    const peerId = `${number}`.padStart(40, "0") as PeerId;
    const lie = { peerId, port: 1024 + number, left: 0 };
    rollout.announced(announce("1", lie), 0);
    rollout.announced(announce("1", { ...lie, event: "stopped" }), 0);
    rollout.reported(
      report("1", { peerId, name: `${number}` }),
      "192.168.1.1",
      0,
    );
  }
  rollout.announced(announce("3", { left: 0 }), 0);
  assertEquals(rollout.hosts(0).length, 66);
  assertEquals(rowsOf(rollout, 0).at(0), "192.168.1.2 fetching");
});
