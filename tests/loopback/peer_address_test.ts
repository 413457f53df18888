/**
 * The address under which a tracker gives a peer to others, over both protocols and
 * both families.
 */
import { assertEquals } from "@std/assert";
import {
  announce,
  type AnnounceRequest,
  type RunningTracker,
  scrape,
  startTracker,
} from "../../mod.ts";
import { isLoopback } from "../../lib/base/ip_address.ts";
import { formatPeerAddress } from "../../lib/base/peer_address.ts";
import { announceRequest, infoHash, peerId } from "../core/announce/samples.ts";
import { testUnless } from "../test_unless.ts";
import { hasIpv6 } from "./machine.ts";

/** Addresses of this machine on a network, IPv4 first. */
const ADDRESSES = Deno.networkInterfaces()
  .map(({ address }) => address)
  .filter((address) => !isLoopback(address) && !address.startsWith("fe80:"))
  .toSorted((left, right) => left.length - right.length);

const noNetwork = ADDRESSES.length === 0
  ? "this machine is on no network"
  : undefined;

function urlsAt({ port }: RunningTracker, hostname: string): string[] {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return ["http", "udp"].map((scheme) =>
    `${scheme}://${host}:${port}/announce`
  );
}

/** The addresses in the reply to an announce. */
async function given(
  url: string,
  name: string,
  changes: Partial<AnnounceRequest> = {},
): Promise<string[]> {
  const request = announceRequest({ peerId: peerId(name), ...changes });
  const { peers } = await announce(url, request);
  return peers.map(formatPeerAddress);
}

testUnless(
  noNetwork,
  "a seeder beside the tracker is given to others at the tracker's address",
  async () => {
    await using tracker = await startTracker({ port: 0, udp: true });
    // Debian gives a host its own name as 127.0.1.1.
    const [near] = urlsAt(tracker, "127.0.1.1");
    assertEquals(await given(near!, "seeder", { left: 0, port: 7000 }), []);
    for (const hostname of ADDRESSES) {
      for (const url of urlsAt(tracker, hostname)) {
        const address = { hostname, port: 7000 };
        const port = 7001;
        assertEquals(
          await given(url, "asker", { port }),
          [formatPeerAddress(address)],
          url,
        );
        await given(url, "asker", { port, event: "stopped" });
      }
    }
  },
);

Deno.test("a peer that restarts at its address and port is counted once, over HTTP and UDP", async () => {
  await using tracker = await startTracker({ port: 0, udp: true });
  const hosts = ["127.0.0.1", ...hasIpv6() ? ["::1"] : [], ...ADDRESSES];
  for (const [index, hostname] of hosts.entries()) {
    const hash = infoHash(String(index));
    const [http, udp] = urlsAt(tracker, hostname);
    const changes = { infoHash: hash, port: 7000 };
    for (const [run, url] of [http!, udp!, udp!, http!].entries()) {
      await given(url, `run ${run}`, { ...changes, key: `0000000${run}` });
      const [entry] = await scrape(http!, [hash]);
      assertEquals([entry?.complete, entry?.incomplete], [0, 1], url);
    }
    const others = await given(udp!, "other", { ...changes, port: 7001 });
    assertEquals(others, [formatPeerAddress({ hostname, port: 7000 })]);
  }
});
