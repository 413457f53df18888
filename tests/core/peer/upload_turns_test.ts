import { assert, assertEquals, assertGreater } from "@std/assert";
import { createAddressFilter } from "../../../lib/base/address_filter.ts";
import { hostOf } from "../../../lib/base/ip_address.ts";
import { UploadTurns } from "../../../lib/peer/upload_turns.ts";
import { report } from "../../report.ts";

/** A machine that works on one batch at a time, in the order in which they begin. */
class Worker {
  #tail = Promise.resolve();
  readonly doneOf = new Map<string, number>();
  batchCount = 0;

  async work(address: string): Promise<void> {
    const work = this.#tail.then(() => this.#next());
    this.#tail = work;
    await work;
    this.batchCount++;
    this.doneOf.set(address, (this.doneOf.get(address) ?? 0) + 1);
  }

  #next(): Promise<void> {
    return new Promise((resolve) => queueMicrotask(resolve));
  }
}

/** Serves connections that always want more. Returns the share that each address gets of the work. */
async function sharesOf(
  connections: readonly { address: string; host: string }[],
  { batchCount = 5_000 } = {},
): Promise<Map<string, number>> {
  const turns = new UploadTurns();
  const worker = new Worker();
  await Promise.all(connections.map(async ({ address, host }) => {
    const own = turns.of(host);
    while (worker.batchCount < batchCount) {
      const turn = await own.begin(performance.now());
      await worker.work(address);
      own.end(turn);
    }
  }));
  return new Map(
    [...worker.doneOf].map(([address, count]) => [
      address,
      count / worker.batchCount,
    ]),
  );
}

/** Twelve leechers with one connection each and an attacker with twenty. */
function crowdOf(
  addressAt: (number: number) => string,
  hostAt: (address: string) => string,
): { address: string; host: string }[] {
  const addresses = Array.from({ length: 12 }, (_, at) => addressAt(at + 1));
  for (let count = 0; count < 20; count++) addresses.push(addressAt(13));
  return addresses.map((address) => ({ address, host: hostAt(address) }));
}

for (
  const [name, addressAt] of [
    ["of one /64 of our own", (number: number) => `2001:db8:1:2::${number}`],
    ["on one link", (number: number) => `fe80::${number}`],
    ["with IPv4 addresses", (number: number) => `192.0.2.${number}`],
  ] as const
) {
  Deno.test(`UploadTurns gives twelve leechers ${name} their share beside an attacker with twenty connections`, async () => {
    const isOwn = createAddressFilter({ allow: ["2001:db8:1:2::99/64"] });
    const crowd = crowdOf(addressAt, (address) => hostOf(address, isOwn));
    const shares = await sharesOf(crowd);
    shares.delete(addressAt(13));
    assertEquals(shares.size, 12);
    const least = Math.min(...shares.values());
    report(`least share ${least.toFixed(4)}, fair is ${(1 / 13).toFixed(4)}`);
    assertGreater(least, 0.98 / 13);
  });
}

Deno.test("UploadTurns counts a /64 elsewhere as one host", async () => {
  const isOwn = (): boolean => false;
  const crowd = crowdOf(
    (number) => `2001:41d0:1:2::${number}`,
    (address) => hostOf(address, isOwn),
  );
  const shares = await sharesOf([
    ...crowd,
    { address: "192.0.2.1", host: "192.0.2.1" },
  ]);
  assertGreater(shares.get("192.0.2.1")!, 0.49);
});

Deno.test("UploadTurns lets a host alone begin as many batches as it has connections", () => {
  const host = new UploadTurns().of("192.0.2.1");
  for (let count = 0; count < 20; count++) {
    assert(!(host.begin(1_000 + count) instanceof Promise));
  }
});

Deno.test("UploadTurns does not let a peer that reads nothing delay others of its host", async () => {
  const turns = new UploadTurns();
  const [one, other] = [turns.of("192.0.2.1"), turns.of("192.0.2.2")];
  const now = performance.now();
  await one.begin(now);
  await other.begin(now);
  await one.begin(now);
  const waiting = one.begin(now);
  assert(waiting instanceof Promise);
  // The batch before it never ends.
  await waiting;
  assertGreater(performance.now() - now, 40);
});

Deno.test("UploadTurns gives no turn to a batch that was withdrawn, and keeps no timer for it", async () => {
  const turns = new UploadTurns();
  const [one, other] = [turns.of("192.0.2.1"), turns.of("192.0.2.2")];
  const now = performance.now();
  await one.begin(now);
  await other.begin(now);
  // Contended from here on: one batch of a host at a time.
  const [first, second] = [one.begin(now), one.begin(now)];
  assert(first instanceof Promise && second instanceof Promise);
  one.withdraw(first);
  assertEquals(
    await Promise.race([first.then(() => 1), second.then(() => 2)]),
    2,
  );
  const last = one.begin(performance.now());
  assert(last instanceof Promise);
  one.withdraw(last);
});

Deno.test("UploadTurns has a host wait whose requests make us read what is not sent", () => {
  const turns = new UploadTurns();
  const MIB = 1024 * 1024;
  assertEquals(turns.of("192.0.2.1").charge(64 * MIB, 0), 0);
  // However many connections it has: they share the limit.
  assertEquals(turns.of("192.0.2.1").charge(8 * MIB, 0), 1_000);
  assertEquals(turns.of("192.0.2.2").charge(8 * MIB, 0), 0);
});

Deno.test("HostTurns lets a host that reads everything in order wait for nothing", () => {
  const host = new UploadTurns().of("192.0.2.1");
  const block = 16 * 1024;
  // Chunks of 16 blocks leave in batches of 15: what one batch reads ahead, others send.
  for (let chunks = 0; chunks < 10_000; chunks++) {
    for (let batch = 0; batch < 15; batch++) {
      assertEquals(host.charge(block, 0), 0);
    }
    assertEquals(host.charge(-15 * block, 0), 0);
  }
});
