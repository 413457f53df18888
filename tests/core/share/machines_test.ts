import { assertEquals } from "@std/assert";
import { infoHashFromHex, type PeerId } from "../../../lib/base/identifier.ts";
import { type MachineAnnounce, Machines } from "../../../lib/share/machines.ts";

const [A, B] = ["aa", "bb"].map((hex) => infoHashFromHex(hex.repeat(20)));

function createMachines(): Machines {
  const machines = new Machines();
  machines.shares.add(A!).add(B!);
  return machines;
}

/** An announce of the peer with a digit: `"1"`. */
function announce(
  digit: string,
  changes: Partial<MachineAnnounce> = {},
): MachineAnnounce {
  return {
    peerId: digit.repeat(40) as PeerId,
    infoHash: A!,
    hostname: `192.168.1.${digit}`,
    port: 6881,
    left: 9,
    event: "started",
    ...changes,
  };
}

Deno.test("Machines counts those that fetch a share and those that are complete", () => {
  const machines = createMachines();
  machines.own = announce("0").peerId;
  machines.announced(announce("0", { left: 0 }));
  machines.announced(announce("1"));
  machines.announced(announce("2"));
  machines.announced(announce("2", { event: "completed", left: 0 }));
  const other = infoHashFromHex("cc".repeat(20));
  machines.announced(announce("3", { infoHash: other }));
  assertEquals(machines.counts(), { complete: 1, fetching: 1 });
});

Deno.test("Machines remembers a machine that left complete, and no other", () => {
  const machines = createMachines();
  machines.announced(announce("1", { left: 0, event: "completed" }));
  machines.announced(announce("1", { left: 0, event: "stopped" }));
  // It has everything when it is first heard of, and leaves.
  machines.announced(announce("2", { left: 0, event: "stopped" }));
  machines.announced(announce("3"));
  machines.announced(announce("3", { event: "stopped" }));
  machines.announced(announce("4"));
  machines.left(announce("4").peerId, A!);
  assertEquals(machines.counts(), { complete: 2, fetching: 0 });
});

Deno.test("a machine is complete with every share that it takes part in", () => {
  const machines = createMachines();
  machines.announced(announce("1", { left: 0 }));
  machines.announced(announce("1", { infoHash: B! }));
  assertEquals(machines.counts(), { complete: 0, fetching: 1 });
  machines.announced(announce("1", { infoHash: B!, left: 0 }));
  assertEquals(machines.counts(), { complete: 1, fetching: 0 });
});

Deno.test("a machine that was started again is counted once", () => {
  const machines = createMachines();
  machines.announced(announce("1", { left: 0 }));
  const again = { hostname: "192.168.1.1", left: 0 };
  machines.announced(announce("7", again));
  machines.announced(announce("8", { ...again, port: 6882 }));
  assertEquals(machines.counts(), { complete: 2, fetching: 0 });
});

Deno.test("Machines keeps at most 10,000 machines", () => {
  const machines = createMachines();
  for (let number = 0; number < 10_100; number++) {
    const peerId = `${number}`.padStart(40, "0") as PeerId;
    const hostname = `10.0.${number >> 8}.${number & 255}`;
    machines.announced(announce("1", { peerId, hostname }));
  }
  assertEquals(machines.counts(), { complete: 0, fetching: 10_000 });
});

Deno.test("Machines counts at most 64 machines of one address, however fast they come and go", () => {
  const machines = createMachines();
  machines.announced(announce("2"));
  for (let number = 0; number < 12_000; number++) {
    const peerId = `${number}`.padStart(40, "0") as PeerId;
    const lie = { peerId, port: 1024 + number, left: 0 };
    machines.announced(announce("1", lie));
    machines.announced(announce("1", { ...lie, event: "stopped" }));
  }
  machines.announced(announce("3", { left: 0 }));
  assertEquals(machines.counts(), { complete: 65, fetching: 1 });
});
