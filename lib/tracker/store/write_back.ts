/**
 * Brings a Redis that is back up to date: what this tracker heard while it was
 * gone and, where Redis was started anew and may have lost something, all that
 * this tracker knows. What Redis knows better than this it keeps.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { PeerDetails } from "./peer_store.ts";
import type { AnnounceAnswer, OutgoingAnnounce } from "./announce_batch.ts";
import { type AnnounceQueue, MAX_BATCH_SIZE } from "./announce_queue.ts";
import type { LoneTracker } from "./lone_tracker.ts";
import type { RedisConnection, ScriptArgument } from "./redis_connection.ts";
import { isRefusal } from "./redis_failure.ts";
import { writeCounts } from "./swarm_listing.ts";
import { outgoingAnnounces } from "./unheard_announces.ts";

/** Most peers of one swarm that are written back after Redis was started anew. */
const MAX_PEERS_OF_SWARM = 20_000;

/** Swarms whose counts go out in one question. */
const COUNTS_BATCH_SIZE = 250;

/** What a tracker knows that Redis may not. */
export interface TrackerKnowledge {
  /** Asks Redis. */
  readonly queue: AnnounceQueue;
  readonly commonArguments: readonly ScriptArgument[];
  readonly tracker: LoneTracker;
}

/**
 * Tells Redis what this tracker heard since it was gone, and then what it hears
 * while this is told.
 * @throws {Error} If Redis is gone again, or refuses.
 */
export async function writeUnheard(
  connection: RedisConnection,
  { queue, tracker: { unheard } }: TrackerKnowledge,
): Promise<void> {
  while (unheard.size > 0) {
    // Half, as a peer may have completed and left.
    const first = unheard.first(MAX_BATCH_SIZE / 2);
    const nowMs = performance.now();
    const outgoing = first.flatMap((one) => outgoingAnnounces(one, nowMs));
    checkAnswers(await queue.ask(connection, outgoing));
    unheard.delete(first);
  }
}

/**
 * Tells Redis all that this tracker knows: the counts that it was told before and
 * the peers that announced here.
 * @throws {Error} If Redis is gone again, or refuses.
 */
export async function writeEverything(
  connection: RedisConnection,
  knowledge: TrackerKnowledge,
): Promise<void> {
  const { commonArguments, queue, tracker: { peers, told } } = knowledge;
  const counts = Array.from(told.values(), ({ counts }) => ({
    ...counts,
    contentLength: undefined,
  }));
  for (let start = 0; start < counts.length; start += COUNTS_BATCH_SIZE) {
    const page = counts.slice(start, start + COUNTS_BATCH_SIZE);
    await connection.run("restore", [...commonArguments, writeCounts(page)]);
  }
  const swarms = [...peers.swarms()];
  for (const { infoHash, complete, incomplete } of swarms) {
    if (complete + incomplete === 0) continue;
    const members = peers.peers(infoHash, MAX_PEERS_OF_SWARM);
    for (let start = 0; start < members.length; start += MAX_BATCH_SIZE / 2) {
      const nowMs = performance.now();
      const outgoing = members.slice(start, start + MAX_BATCH_SIZE / 2)
        .flatMap((peer) => announcesOf(peer, infoHash, nowMs));
      checkAnswers(await queue.ask(connection, outgoing));
    }
  }
}

/** What a peer would have announced, once from each of its addresses. */
function announcesOf(
  { addresses, isSeeder, lastSeenMs, peerId, progress }: PeerDetails,
  infoHash: InfoHash,
  nowMs: number,
): OutgoingAnnounce[] {
  return addresses.map((address) => ({
    announce: {
      infoHash,
      peerId,
      address,
      progress,
      isSeeder,
      event: "update",
      numwant: 0,
      key: undefined,
      wantsIds: false,
    },
    ageMs: nowMs - lastSeenMs,
    // It said so to this tracker, which checked it.
    isTrusted: true,
  }));
}

/** A torrent whose keys hold something else stays as it is; a Redis that refuses is gone. */
function checkAnswers(answers: readonly AnnounceAnswer[]): void {
  for (const answer of answers) {
    if (answer.type === "failed" && isRefusal(answer.message)) {
      throw new Error(answer.message);
    }
  }
}
