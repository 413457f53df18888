/**
 * The measurements of a host while it fetches, with a slow disk and a busy processor
 * of the test's own.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { delay } from "@std/async/delay";
import { HostMeter } from "../../cli/report_host.ts";
import { MemoryStorage } from "../../lib/mod.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";

/** A disk that takes its time. */
class SlowStorage extends MemoryStorage {
  override async write(offset: number, bytes: Uint8Array): Promise<void> {
    await delay(50);
    await super.write(offset, bytes);
  }
}

Deno.test("a transfer measures the time of its writes, and its peers", async () => {
  const sample = await memoryTorrent({ length: 2 ** 20 });
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  await Share.start(seeding, sample, fullStorage(sample));
  const leecher = await Share.start(leeching, sample, new SlowStorage(2 ** 20));
  const { transfer } = leecher;
  const before = transfer.load();
  assertEquals([before.writingMs, before.peerCount, before.owingCount], [
    ...[0, 0, 0],
  ]);
  transfer.addPeers([addressOf(seeding)]);
  await leecher.first("pieceVerified");
  assertEquals(transfer.load().peerCount, 1);
  await leecher.first("completed");
  const { hashingMs, writingMs, owingCount } = transfer.load();
  // Timers end up to a millisecond early; writes that overlap count once.
  assertGreater(writingMs, 45);
  assertGreater(hashingMs, 0);
  assertEquals(owingCount, 0);
});

Deno.test("HostMeter measures shares of the time, and late timers", async () => {
  const load = {
    ...{ hashingMs: 0, writingMs: 0, peerCount: 4 },
    ...{ sourceCount: 0, owingCount: 4, stalledCount: 2 },
    ...{ receivedBytes: 0, sourceBytes: 0 },
  };
  let isFetching = false;
  using meter = new HostMeter(() =>
    isFetching ? { ...load, writingMs: performance.now() } : undefined
  );
  await delay(60);
  assertEquals(meter.evidence(1_000), undefined);
  isFetching = true;
  const endMs = performance.now() + 30_000;
  const isSettled = (): boolean => (meter.evidence(1_000)?.late ?? 0) > 0.15;
  while (!isSettled() && performance.now() < endMs) {
    // A turn of the event loop that takes four times as long as the timer.
    const turnEndMs = performance.now() + 200;
    while (performance.now() < turnEndMs);
    await delay(0);
  }
  const evidence = meter.evidence(1_000);
  assert(evidence !== undefined);
  const { late, disk, idle, stall, hash } = evidence;
  assertGreater(late, 0.15);
  // All of the time, as far as the average has come: no less than what is late.
  assertGreater(disk, late - 0.01);
  assertEquals([idle > 0.15, stall > 0.07, stall < 0.5, hash], [
    ...[true, true, true, 0],
  ]);
  assertEquals([evidence.peerCount, evidence.limitBytesPerSecond], [4, 1_000]);
});
