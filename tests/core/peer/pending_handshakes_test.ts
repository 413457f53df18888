import { assertEquals } from "@std/assert";
import {
  type Caller,
  PeerCallers,
} from "../../../lib/peer/pending_handshakes.ts";

/** A caller of a host that can be hung up on. */
class Dummy implements Caller {
  readonly hostname: string;
  isClosed = false;

  constructor(hostname: string) {
    this.hostname = hostname;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Callers, one of each host in turn. */
function callersOf(count: number, hostname: (index: number) => string): {
  callers: PeerCallers;
  dummies: Dummy[];
} {
  const callers = new PeerCallers();
  const dummies = Array.from(
    { length: count },
    (_, index) => new Dummy(hostname(index)),
  );
  for (const dummy of dummies) callers.add(dummy);
  return { callers, dummies };
}

/** Who was hung up on, by number. */
function closed(dummies: readonly Dummy[]): number[] {
  return [...dummies.keys()].filter((index) => dummies[index]!.isClosed);
}

Deno.test("PeerCallers hangs up on who has waited longest when there are too many", () => {
  const { dummies } = callersOf(130, (index) => `192.0.2.${index}`);
  assertEquals(closed(dummies), [0, 1]);
});

Deno.test("PeerCallers has a host with many callers make room for itself", () => {
  const { callers, dummies } = callersOf(
    92,
    (index) => index < 20 ? `192.0.2.${index}` : "198.51.100.1",
  );
  // 72 of one host, of which 64 may wait.
  assertEquals(closed(dummies), [20, 21, 22, 23, 24, 25, 26, 27]);
  callers.add(new Dummy("192.0.2.99"));
  assertEquals(closed(dummies).length, 8);
});

Deno.test("PeerCallers does not count who has said hello", () => {
  const { callers, dummies } = callersOf(64, () => "192.0.2.1");
  for (const dummy of dummies) callers.delete(dummy);
  for (let count = 0; count < 64; count++) callers.add(new Dummy("192.0.2.1"));
  assertEquals(closed(dummies), []);
});

Deno.test("PeerCallers listens to many calls of a host at once, then to some in each second", () => {
  const callers = new PeerCallers();
  const heard = (count: number, now: number): number => {
    let heardCount = 0;
    for (let call = 0; call < count; call++) {
      if (callers.isHeard("192.0.2.1", now)) heardCount++;
    }
    return heardCount;
  };
  assertEquals(heard(2_000, 0), 256);
  assertEquals(callers.isHeard("192.0.2.2", 0), true);
  assertEquals(heard(2_000, 1_000), 16);
  assertEquals(heard(2_000, 3_600_000), 256);
});

Deno.test("PeerCallers forgets hosts that have not called for a while", () => {
  const callers = new PeerCallers();
  for (let host = 0; host < 5_000; host++) {
    callers.isHeard(`192.0.2.${host}`, host * 80);
  }
  // All but the last ones are quiet by then.
  assertEquals(callers.hostCount <= 1_024, true);
});
