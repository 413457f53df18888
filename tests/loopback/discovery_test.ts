/**
 * The library without what multicast needs: this test has no `--unstable-net`.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  advertiseShares,
  findShares,
  multicastRefusal,
  openSession,
  resolveLocalName,
} from "../../lib/mod.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { openLocalSession, Share } from "./share.ts";

const REFUSAL = "Deno was started without --unstable-net";

Deno.test("without --unstable-net a session says that it finds no peers on the local network", async () => {
  const sample = await memoryTorrent({ length: 1_000 });
  await using session = openSession({ port: 0, hostname: "0.0.0.0" });
  const share = await Share.start(session, sample, fullStorage(sample));
  const { reason } = await share.first("localDiscoveryOff");
  assertEquals([reason, multicastRefusal()], [REFUSAL, REFUSAL]);
});

Deno.test("a session says nothing of discovery that it should not use", async () => {
  const sample = await memoryTorrent({ length: 1_000 });
  {
    await using session = openLocalSession();
    const share = await Share.start(session, sample, fullStorage(sample));
    await delay(50);
    assertEquals(share.count("localDiscoveryOff"), 0);
  }
  const options = { hostname: "0.0.0.0", localDiscovery: false };
  await using session = openLocalSession(options);
  const share = await Share.start(session, sample, fullStorage(sample));
  await delay(50);
  assertEquals(share.count("localDiscoveryOff"), 0);
});

Deno.test("without --unstable-net DNS-SD is refused with the reason", async () => {
  const signal = AbortSignal.timeout(60_000);
  const onShare = (): void => {};
  const attempts = [
    () => advertiseShares(),
    () => findShares({ signal, onShare }),
    () => resolveLocalName("lanswarm.local"),
  ];
  for (const attempt of attempts) {
    await assertRejects(attempt, TypeError, `Cannot use multicast: ${REFUSAL}`);
  }
});
