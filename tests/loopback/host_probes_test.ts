/**
 * Connections to the ports of slow hosts, on 127.0.0.1.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { HostProbes, Rollout } from "../../lib/mod.ts";
import { A, announce, report } from "../core/rollout/rollout_sample.ts";
import { freePort } from "./machine.ts";

/** The code of a host that is slow, listens on a port, and is connected to one peer. */
async function codeOf(port: number): Promise<string | undefined> {
  const rollout = new Rollout();
  rollout.addShare(A, 1_000);
  rollout.own = announce("0").peerId;
  using probes = new HostProbes(rollout);
  const evidence = {
    ...{ disk: 0, late: 0, hash: 0, idle: 0, stall: 0, peerCount: 1 },
    ...{ limitBytesPerSecond: 0, isWireless: false },
  };
  const startMs = performance.now();
  let code: string | undefined;
  // Probes take real time; everything else goes a second each round.
  for (let round = 0; round < 60 && code === undefined; round++) {
    const nowMs = startMs + round * 1_000;
    const fraction = round / 1_000;
    for (const digit of ["1", "2", "3"]) {
      const fast = report(digit, { downloadBytesPerSecond: 100, fraction });
      rollout.reported(fast, `127.0.0.${digit}`, nowMs);
    }
    const slow = { downloadBytesPerSecond: 30, fraction, evidence, port };
    rollout.reported(report("4", slow), "127.0.0.1", nowMs);
    code = rollout.hosts(nowMs)
      .find(({ name }) => name === "lab04")?.reasonCode;
    probes.run();
    await delay(20);
  }
  return code;
}

Deno.test("HostProbes tells a port that nobody reaches from a host that is isolated", async () => {
  assertEquals(await codeOf(freePort()), "unreachable");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  assertEquals(await codeOf(listener.addr.port), "isolated");
  (await accepting).close();
});
