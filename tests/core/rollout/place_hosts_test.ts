import { assertEquals } from "@std/assert";
import type { RolloutHost } from "../../../lib/rollout/host_state.ts";
import {
  announce,
  createRollout,
  expecting,
  report,
  rowsOf,
} from "./rollout_sample.ts";

Deno.test("a host is expected by an address that it reports, unless that one is there", () => {
  const rollout = expecting("192.168.1.1,192.168.1.2");
  const claim = { addresses: ["192.168.1.1"], state: "verified" } as const;
  rollout.reported(report("5", claim), "fd00::5", 0);
  const first = (): unknown[] => {
    const [{ address, state }] = rollout.hosts(0) as [RolloutHost];
    return [address, state];
  };
  assertEquals(first(), ["fd00::5", "verified"]);
  rollout.announced(announce("1", { left: 500 }), 0);
  assertEquals(first(), ["192.168.1.1", "fetching"]);
});

Deno.test("a full name stands for no other domain, a short one for any", () => {
  const rollout = expecting("lab01.a.example,lab01.b.example,lab02");
  const at = (digit: string, name: string): void =>
    void rollout.reported(report(digit, { name }), `192.168.1.${digit}`, 0);
  at("1", "lab01.b.example.");
  at("2", "lab01.c.example");
  at("3", "lab02.c.example");
  assertEquals(
    rollout.hosts(0).map(({ name, address }) => `${name} ${address}`),
    [
      "lab01.a.example undefined",
      "lab01.b.example 192.168.1.1",
      "lab02 192.168.1.3",
      "lab01.c.example 192.168.1.2",
    ],
  );
});

Deno.test("two live hosts of one name are two rows", () => {
  const rollout = createRollout();
  for (const digit of ["1", "9"]) {
    rollout.reported(
      report(digit, { name: "debian" }),
      `192.168.1.${digit}`,
      0,
    );
  }
  assertEquals(
    rollout.hosts(0).map(({ name }) => name),
    ["debian", "debian (192.168.1.9)"],
  );
});

Deno.test("another address takes over a name after 60 s of silence, no sooner", () => {
  const rollout = expecting("lab01");
  const state = (nowMs: number): string[] =>
    rollout.hosts(nowMs).map(({ name, address }) => `${name} ${address}`);
  rollout.reported(report("1"), "192.168.1.1", 0);
  rollout.reported(report("2", { name: "lab01" }), "192.168.1.2", 20_000);
  const both = ["lab01 192.168.1.1", "lab01 (192.168.1.2) 192.168.1.2"];
  assertEquals(state(59_000), both);
  rollout.reported(report("2", { name: "lab01" }), "192.168.1.2", 59_000);
  assertEquals(state(61_000), ["lab01 192.168.1.2"]);
  // A host that was there with the first one takes over nothing.
  const known = expecting("lab01");
  known.reported(report("2", { name: "lab01" }), "192.168.1.2", 0);
  known.reported(report("1"), "192.168.1.1", 10_000);
  known.reported(report("2", { name: "lab01" }), "192.168.1.2", 20_000);
  known.reported(report("1"), "192.168.1.1", 90_000);
  assertEquals(known.hosts(90_000).length, 2);
  // Nor does any from a host that is complete.
  const complete = expecting("lab01");
  complete.reported(report("1", { state: "verified" }), "192.168.1.1", 0);
  complete.reported(report("2", { name: "lab01" }), "192.168.1.2", 90_000);
  assertEquals(complete.hosts(90_000)[0]!.state, "verified");
});

Deno.test("a host that claims a name, peer id or port changes no other address's row", () => {
  const rollout = expecting("lab0[1-2]");
  rollout.announced(announce("1", { key: "secret" }), 0);
  rollout.reported(report("1"), "192.168.1.1", 0);
  const before = rollout.hosts(1_000).slice(0, 2);
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 500) {
    const lie = { state: "failed", reason: "lie", fraction: 0 } as const;
    rollout.reported(report("1", lie), "192.168.1.66", nowMs);
    const stolen = { hostname: "192.168.1.66", left: 0, key: "guess" };
    rollout.announced(announce("1", stolen), nowMs);
    rollout.announced(announce("1", { ...stolen, key: undefined }), nowMs);
  }
  assertEquals(rollout.hosts(1_000).slice(0, 2), before);
  // Its own address of the other family is the same host: it knows the key.
  rollout.announced(
    announce("1", { hostname: "fd00::1", key: "secret", left: 0 }),
    10_000,
  );
  assertEquals(rowsOf(rollout, 10_000)[0], "lab01 verified");
});

Deno.test("a host that is back at an address of its other family is the same row", () => {
  const addresses = ["192.168.1.4"];
  for (
    const [before, after] of [
      ["192.168.1.4", "fd00::4"],
      ["fd00::4", "192.168.1.4"],
    ] as const
  ) {
    for (const text of ["192.168.1.4", "lab04", ""]) {
      const rollout = text === "" ? createRollout() : expecting(text);
      rollout.reported(report("4", { addresses }), before, 0);
      const back = report("5", {
        ...{ name: "lab04", state: "verified", addresses },
      });
      rollout.reported(back, after, 20_000);
      const rows = (nowMs: number): string[] =>
        rollout.hosts(nowMs).map(({ address, state }) => `${address} ${state}`);
      assertEquals(rows(20_000), [`${after} verified`]);
    }
  }
});

Deno.test("a claim hides no host that is there, has another name, or came later", () => {
  const addresses = ["192.168.1.4"];
  const countOf = (
    changes: Parameters<typeof report>[1],
    nowMs: number,
  ): number => {
    const rollout = expecting("192.168.1.4");
    rollout.reported(report("4", { addresses }), "192.168.1.4", 0);
    const claim = report("5", { name: "lab04", addresses, ...changes });
    rollout.reported(claim, "10.0.0.5", nowMs);
    return rollout.hosts(nowMs).length;
  };
  assertEquals(countOf({}, 5_000), 2);
  assertEquals(countOf({ name: "lab05" }, 20_000), 2);
  assertEquals(countOf({ addresses: ["192.168.1.5"] }, 20_000), 2);
  assertEquals(countOf({}, 20_000), 1);
});
