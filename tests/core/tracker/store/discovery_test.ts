/**
 * The time until peers know of each other: the peers' schedules against
 * the tracker's handler, in virtual time.
 */
import { assert, assertEquals } from "@std/assert";
import { peerIdFromBytes } from "../../../../lib/base/identifier.ts";
import { formatPeerAddress } from "../../../../lib/base/peer_address.ts";
import { seededRandom } from "../../../../lib/base/random.ts";
import {
  adaptiveInterval,
  MIN_ANNOUNCE_INTERVAL_MS,
  Tracker,
} from "../../../../lib/tracker/tracker.ts";
import { parseAnnounceReply } from "../../../../lib/announce/http_codec.ts";
import { AnnounceSchedule } from "../../../../lib/announce/announce_schedule.ts";
import { announceUrl } from "../../../../lib/announce/http_codec.ts";
import { createTrackerHandler } from "../../../../lib/tracker/http_handler.ts";
import { memoryStore } from "./memory_scene.ts";
import { announceRequest, bytes } from "../../announce/samples.ts";

const TRACKER = "http://tracker/announce";

/** A peer whose address is its name. */
interface Peer {
  readonly hostname: string;
  readonly schedule: AnnounceSchedule;
  /** When it first heard of each other peer, by the address. */
  readonly heardAtMs: Map<string, number>;
  announceCount: number;
}

/** Lets peers that came at these times announce as they are asked to, for a while. */
async function run(
  joinTimesMs: readonly number[],
  endMs: number,
): Promise<Peer[]> {
  const handle = createTrackerHandler({
    tracker: new Tracker({
      store: memoryStore(),
      intervalMs: adaptiveInterval(120_000),
    }),
    minIntervalMs: MIN_ANNOUNCE_INTERVAL_MS,
  });
  const peers = joinTimesMs.map((_, index): Peer => ({
    hostname: `10.0.0.${index + 1}`,
    schedule: new AnnounceSchedule([[TRACKER]], seededRandom(index)),
    heardAtMs: new Map(),
    announceCount: 0,
  }));
  for (let nowMs = 0; nowMs < endMs; nowMs += 500) {
    for (const [index, peer] of peers.entries()) {
      if (nowMs < joinTimesMs[index]!) continue;
      const step = peer.schedule.next(nowMs);
      if (step.type === "wait") continue;
      const request = announceRequest({
        peerId: peerIdFromBytes(bytes(peer.hostname.padEnd(20, "-"))),
        event: step.event,
      });
      const { body } = await handle({
        method: "GET",
        path: "/announce",
        query: announceUrl(TRACKER, request).split("?")[1]!,
        remoteHostname: peer.hostname,
        header: () => undefined,
        isFromBrowser: false,
      }, nowMs);
      assert(body instanceof Uint8Array);
      const reply = parseAnnounceReply(body);
      peer.schedule.succeeded(step.event, reply, nowMs);
      peer.announceCount++;
      for (const address of reply.peers) {
        const name = formatPeerAddress(address);
        if (!peer.heardAtMs.has(name)) peer.heardAtMs.set(name, nowMs);
      }
    }
  }
  return peers;
}

Deno.test("a newcomer is known to all within ten seconds, and knows all at once", async () => {
  const joinTimesMs = [0, 0, 1_000, 30_000, 59_500, 60_000, 300_000];
  const peers = await run(joinTimesMs, 330_000);
  for (const [index, peer] of peers.entries()) {
    for (const [other, { hostname }] of peers.entries()) {
      if (other === index) continue;
      const heardAtMs = peer.heardAtMs.get(`${hostname}:6881`) ?? Infinity;
      const bothSinceMs = Math.max(joinTimesMs[index]!, joinTimesMs[other]!);
      assert(heardAtMs - bothSinceMs <= 10_000, `${index} of ${other}`);
    }
  }
});

Deno.test("peers of a swarm that is old announce less and less", async () => {
  const HOUR_MS = 3_600_000;
  const [peer] = await run([0, 0], 2 * HOUR_MS);
  // 60 in the first ten minutes; a wait of a sixtieth of the age after that.
  const expected = 60 + 60 * Math.log(12);
  assert(Math.abs(peer!.announceCount / expected - 1) < 0.1);
  assertEquals(peer!.heardAtMs.size, 1);
});
