/**
 * Hosts that are not to be talked to: neither answered nor called.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { createAddressFilter } from "../../lib/mod.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";

Deno.test("a host that is denied is hung up on without a word and never called", async () => {
  const sample = await memoryTorrent({ length: 100_000 });
  const permits = createAddressFilter({ deny: ["127.0.0.0/8"] });
  await using session = openLocalSession({ permits });
  const share = await Share.start(session, sample);
  using stranger = await Deno.connect(addressOf(session));
  // What a handshake begins with.
  await stranger.write(new Uint8Array([19]));
  let answer: number | null;
  try {
    answer = await stranger.read(new Uint8Array(1));
  } catch (error) {
    // The system resets a connection that was closed with bytes unread.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    answer = null;
  }
  assertEquals(answer, null);

  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  share.transfer.addPeers([listener.addr]);
  const call = listener.accept().then(() => "called", () => "not called");
  assertEquals(await Promise.race([call, delay(300)]), undefined);
  listener.close();
  await call;
});

Deno.test("a host that is allowed is served", async () => {
  const sample = await memoryTorrent({ length: 100_000 });
  const permits = createAddressFilter({ allow: ["127.0.0.1"] });
  await using seeding = openLocalSession({ permits });
  await using leeching = openLocalSession({ permits });
  const seeder = await Share.start(seeding, sample, fullStorage(sample));
  const leecher = await Share.start(leeching, sample);
  leecher.transfer.addPeers([addressOf(seeding)]);
  await leecher.first("completed");
  assertEquals(seeder.transfer.isComplete, true);
});
