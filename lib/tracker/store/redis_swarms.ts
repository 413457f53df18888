/**
 * What people and scrapes are told of the swarms in Redis, read a part at a time
 * so that no announce waits for a list of thousands.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { PeerDetails, StoreTotals, SwarmSummary } from "./peer_store.ts";
import { totalsOf } from "./lone_tracker.ts";
import type { RedisConnection, ScriptArgument } from "./redis_connection.ts";
import { readPeers, readSwarms } from "./swarm_listing.ts";

/** Swarms of one question: about a millisecond of Redis's time. */
const PAGE_SIZE = 250;

/** Peers of one answer, at most. */
const MAX_PEER_COUNT = 5_000;

/** Up to so many swarms the list is always read anew. */
export const FEW_SWARMS = 200;

/** A longer list is used for so long, in milliseconds. */
const LIST_AGE_MS = 2_000;

/** Reads swarms. Everything throws an `Error` if Redis is gone or refuses. */
export class RedisSwarms {
  readonly #commonArguments: readonly ScriptArgument[];
  #list: Promise<readonly SwarmSummary[]> | undefined;
  #listedAtMs = -Infinity;

  /** @param commonArguments What every script is given first. */
  constructor(commonArguments: readonly ScriptArgument[]) {
    this.#commonArguments = commonArguments;
  }

  /** Those that Redis knows among the asked for. */
  async named(
    connection: RedisConnection,
    infoHashes: readonly InfoHash[],
  ): Promise<SwarmSummary[]> {
    const swarms: SwarmSummary[] = [];
    for (let start = 0; start < infoHashes.length; start += PAGE_SIZE) {
      const page = infoHashes.slice(start, start + PAGE_SIZE).join("");
      swarms.push(...await this.#ask(connection, ["named", page]));
    }
    return swarms;
  }

  /** All swarms, those with peers first. */
  async all(connection: RedisConnection): Promise<readonly SwarmSummary[]> {
    const nowMs = performance.now();
    const known = this.#list;
    if (known !== undefined && nowMs - this.#listedAtMs < LIST_AGE_MS) {
      const list = await known;
      if (list.length > FEW_SWARMS) return list;
    }
    this.#list = this.#readAll(connection);
    this.#listedAtMs = nowMs;
    return await this.#list;
  }

  /** Sums over all swarms. */
  async totals(connection: RedisConnection): Promise<StoreTotals> {
    const [swarms, downloads] = await Promise.all([
      this.all(connection),
      connection.run("totals", this.#commonArguments),
    ]);
    return totalsOf(swarms, readCount(downloads));
  }

  /** The peers of one swarm, leechers first. */
  async peers(
    connection: RedisConnection,
    infoHash: InfoHash,
    limit: number,
  ): Promise<PeerDetails[]> {
    const bytes = await connection.run("peers", [
      ...this.#commonArguments,
      infoHash,
      String(Math.min(limit, MAX_PEER_COUNT)),
    ]);
    return readPeers(bytes as Uint8Array, performance.now());
  }

  async #readAll(
    connection: RedisConnection,
  ): Promise<readonly SwarmSummary[]> {
    // By info hash: one that moves up while the pages are read appears twice.
    const swarms = new Map<InfoHash, SwarmSummary>();
    for (let start = 0;; start += PAGE_SIZE) {
      const range = [String(start), String(start + PAGE_SIZE - 1)];
      const page = await this.#ask(connection, ["range", ...range]);
      for (const swarm of page) swarms.set(swarm.infoHash, swarm);
      if (page.length < PAGE_SIZE) break;
    }
    const all = [...swarms.values()];
    const isActive = (swarm: SwarmSummary): boolean =>
      swarm.complete + swarm.incomplete > 0;
    return [
      ...all.filter(isActive),
      ...all.filter((swarm) => !isActive(swarm)),
    ];
  }

  async #ask(
    connection: RedisConnection,
    question: readonly string[],
  ): Promise<SwarmSummary[]> {
    const bytes = await connection.run("swarms", [
      ...this.#commonArguments,
      ...question,
    ]);
    return readSwarms(bytes as Uint8Array);
  }
}

/** A number that Redis keeps as text. */
function readCount(reply: unknown): number {
  const count = reply instanceof Uint8Array
    ? Number(new TextDecoder().decode(reply))
    : 0;
  return Number.isSafeInteger(count) ? count : 0;
}
