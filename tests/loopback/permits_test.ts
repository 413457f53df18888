/**
 * Hosts that are not to be talked to: neither answered nor called.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  createAddressFilter,
  infoHashFromHex,
  parseMagnetLink,
  scrape,
  startTracker,
  TrackerError,
} from "../../lib/mod.ts";
import { spawnTask } from "../../scripts/programs/tasks.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";

Deno.test("a host that is denied is hung up on without a word and never called", async () => {
  const sample = await memoryTorrent({ length: 100_000 });
  const permits = createAddressFilter({ deny: ["127.0.0.0/8"] });
  await using session = openLocalSession({ permits });
  const share = await Share.start(session, sample);
  using stranger = await Deno.connect(addressOf(session));
  // The first byte of a handshake.
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

Deno.test("a magnet link leads to no host that is denied, however it is written", async () => {
  // The last ones are numbers that systems resolve to loopback.
  const deniedHosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1"];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const fetchFrom = async (
    deny: readonly string[],
    waitMs: number,
  ): Promise<boolean> => {
    const permits = createAddressFilter({ deny });
    await using session = openLocalSession({ permits });
    const peers = deniedHosts.map((host) => `&x.pe=${host}:${port}`).join("");
    const link = parseMagnetLink(
      `magnet:?xt=urn:btih:${"ab".repeat(20)}${peers}`,
    );
    const ended = new AbortController();
    const fetching = session.fetchMetadata(link, { signal: ended.signal })
      .catch(() => {});
    const dialed = await Promise.race([
      listener.accept().then((connection) => {
        connection.close();
        return true;
      }, () => false),
      delay(waitMs, { signal: ended.signal }).then(() => false, () => false),
    ]);
    ended.abort();
    await fetching;
    return dialed;
  };
  // The link is good: without the rule, the peer is dialed.
  assertEquals(await fetchFrom([], 60_000), true);
  assertEquals(await fetchFrom(["127.0.0.0/8", "::1"], 600), false);
  listener.close();
});

Deno.test("a tracker's redirect leads to no host that is denied", async () => {
  let askedCount = 0;
  const closing = new AbortController();
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen: () => {} },
    signal: closing.signal,
  }, ({ url }) => {
    const { pathname, port } = new URL(url);
    if (pathname === "/x") askedCount++;
    return Response.redirect(`http://localhost:${port}/x`);
  });
  const { port } = server.addr;
  const announce = [`http://127.0.0.1:${port}/announce`];
  const sample = await memoryTorrent({ length: 100_000, announce });
  const permits = createAddressFilter({ deny: ["127.0.0.0/8", "::1"] });
  {
    await using session = openLocalSession({ permits });
    const share = await Share.start(session, sample);
    const { reason } = await share.first("announceFailed");
    assertMatch(reason, /redirect to localhost, and .* is not allowed/);
  }
  assertEquals(askedCount, 0);
  closing.abort();
  await server.finished;
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

const INFO_HASH = infoHashFromHex("0123456789abcdef0123456789abcdef01234567");

Deno.test("a tracker hangs up on a host that is denied, and does not answer its datagrams", async () => {
  const permits = createAddressFilter({ deny: ["127.0.0.0/8"] });
  await using tracker = await startTracker({
    hostname: "127.0.0.1",
    port: 0,
    udp: true,
    permits,
  });
  const { announceUrl, udpAnnounceUrl } = tracker;
  await assertRejects(() => scrape(announceUrl, [INFO_HASH]), TrackerError);
  await assertRejects(
    () => scrape(udpAnnounceUrl!, [INFO_HASH], { timeoutMs: 300 }),
    TrackerError,
    "no answer within 300 ms",
  );
  // The page as well.
  using caller = await Deno.connect({ port: tracker.port });
  assertEquals(await caller.read(new Uint8Array(1)), null);
});

Deno.test("a tracker answers a host that is allowed", async () => {
  const permits = createAddressFilter({ allow: ["127.0.0.0/8"] });
  // On all addresses, where IPv4 may come mapped into IPv6.
  await using tracker = await startTracker({ port: 0, udp: true, permits });
  for (const url of [tracker.announceUrl, tracker.udpAnnounceUrl!]) {
    await scrape(url, [INFO_HASH]);
  }
});

Deno.test("tracker --allow answers nobody else", async () => {
  await using tracker = spawnTask("tracker", [
    ...["0", "--host=127.0.0.1", "--udp", "--json", "--allow=192.0.2.0/24"],
  ]);
  const [, url] = await tracker.stdout.waitFor(/"announce":\["([^"]+)"/);
  await assertRejects(() => scrape(url!, [INFO_HASH]), TrackerError);
  const { stderr } = await tracker.stop("SIGTERM");
  assertEquals(stderr, "");
});
