/**
 * Announces that came in the same turn of the event loop, which go to Redis as
 * one question. Nobody waits for others to come: a turn's work is over in less
 * than a millisecond.
 *
 * @module
 */
import {
  type AnnounceAnswer,
  decodeAnswer,
  encodeAnnounces,
  type OutgoingAnnounce,
} from "./announce_batch.ts";
import type { RedisConnection, ScriptArgument } from "./redis_connection.ts";

/** Announces of one question, at most: Redis does nothing else meanwhile. */
export const MAX_BATCH_SIZE = 64;

/** How often Redis is told how many peers this tracker has, in milliseconds. */
const PEER_COUNT_INTERVAL_MS = 1_000;

/** How an {@linkcode AnnounceQueue} is set up. */
export interface AnnounceQueueOptions {
  /** What every script is given first. */
  readonly commonArguments: readonly ScriptArgument[];
  /** Tells this tracker from the others. */
  readonly trackerName: string;
  /** How many peers this tracker has. */
  readonly countPeers: () => number;
  readonly random: () => number;
}

interface QueuedAnnounce {
  readonly outgoing: OutgoingAnnounce;
  readonly resolve: (answer: AnnounceAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

/** Gathers announces. */
export class AnnounceQueue {
  readonly #options: AnnounceQueueOptions;
  #queued: QueuedAnnounce[] = [];
  #toldPeerCountAtMs = -Infinity;
  #peerCount = 0;

  constructor(options: AnnounceQueueOptions) {
    this.#options = options;
  }

  /** Peers of all trackers, as Redis said last. */
  get peerCount(): number {
    return this.#peerCount;
  }

  /** Asks together with all that is asked in this turn. */
  add(
    connection: RedisConnection,
    outgoing: OutgoingAnnounce,
  ): Promise<AnnounceAnswer> {
    if (this.#queued.length === 0) {
      queueMicrotask(() => this.#send(connection));
    }
    return new Promise((resolve, reject) => {
      this.#queued.push({ outgoing, resolve, reject });
    });
  }

  /** Asks at once. @throws {Error} If Redis is gone or refuses it all. */
  async ask(
    connection: RedisConnection,
    announces: readonly OutgoingAnnounce[],
  ): Promise<AnnounceAnswer[]> {
    const { commonArguments, trackerName, countPeers, random } = this.#options;
    const nowMs = performance.now();
    const isTold = nowMs - this.#toldPeerCountAtMs >= PEER_COUNT_INTERVAL_MS;
    if (isTold) this.#toldPeerCountAtMs = nowMs;
    const [peerCount, ...answers] = await connection.run("announce", [
      ...commonArguments,
      trackerName,
      isTold ? String(countPeers()) : "",
      encodeAnnounces(announces, random),
    ]) as Uint8Array[];
    if (isTold) this.#peerCount = readDouble(peerCount!);
    return answers.map(decodeAnswer);
  }

  #send(connection: RedisConnection): void {
    const queued = this.#queued;
    this.#queued = [];
    for (let start = 0; start < queued.length; start += MAX_BATCH_SIZE) {
      const batch = queued.slice(start, start + MAX_BATCH_SIZE);
      this.ask(connection, batch.map(({ outgoing }) => outgoing)).then(
        (answers) => {
          for (const [index, { resolve }] of batch.entries()) {
            resolve(answers[index]!);
          }
        },
        (reason) => {
          for (const { reject } of batch) reject(reason);
        },
      );
    }
  }
}

function readDouble(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}
