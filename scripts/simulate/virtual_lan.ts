/**
 * A LAN in one process and in virtual time: hosts with links of any speed, each
 * with the real engine, which a virtual tracker introduces to one another. The
 * same seed gives the same run, to the byte.
 */
import { Bitfield } from "../../lib/base/bitfield.ts";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../lib/base/random.ts";
import type { AddressSource } from "../../lib/dialing/address_book.ts";
import { DialLimiter } from "../../lib/dialing/dial_limiter.ts";
import { Dialer, MAX_PEERS } from "../../lib/dialing/dialer.ts";
import { sha1 } from "../../lib/disk/sha1.ts";
import { allowedFastSet } from "../../lib/metainfo/allowed_fast_set.ts";
import { BLOCK_SIZE, type Geometry } from "../../lib/metainfo/geometry.ts";
import { Swarm } from "../../lib/swarm/swarm.ts";
import type { VirtualClock } from "./virtual_clock.ts";
import { VirtualGeometry, virtualRequestLimits } from "./virtual_content.ts";
import { type HostOptions, PORT, VirtualHost } from "./virtual_host.ts";
import { VirtualNetwork } from "./virtual_network.ts";

const INFO_HASH = infoHashFromHex("aa".repeat(20));
const PEERS_PER_ANNOUNCE = 50;
const ANNOUNCE_INTERVAL_MS = 120_000;

export interface LanOptions {
  readonly seed: number;
  readonly pieceCount: number;
  /** @default {16} */
  readonly blocksPerPiece?: number;
  /** Bytes that a block stands for. @default {BLOCK_SIZE} */
  readonly blockBytes?: number;
  /** Latency, one way. @default {0.2} */
  readonly latencyMs?: number;
  /** The least time between two turns of a host: it makes the simulation of large swarms faster. @default {0} */
  readonly turnMs?: number;
  /** Maximum of connections of a host. @default {MAX_PEERS} */
  readonly maxPeers?: number;
}

export class VirtualLan {
  readonly geometry: Geometry;
  readonly hosts: VirtualHost[] = [];
  readonly #options: LanOptions;
  readonly #blockBytes: number;
  readonly #network: VirtualNetwork;
  readonly #random: Random;
  readonly #byName = new Map<string, VirtualHost>();
  #connectionCount = 0;
  #hasTracker = true;

  constructor(options: LanOptions) {
    const { blocksPerPiece = 16, blockBytes = BLOCK_SIZE } = options;
    const { latencyMs = 0.2, turnMs = 0 } = options;
    this.geometry = new VirtualGeometry(options.pieceCount, blocksPerPiece);
    this.#blockBytes = blockBytes;
    this.#options = options;
    this.#network = new VirtualNetwork({
      ...{ geometry: this.geometry, blockBytes, latencyMs, turnMs },
    });
    this.#random = seededRandom(options.seed);
  }

  get clock(): VirtualClock {
    return this.#network.clock;
  }

  get contentBytes(): number {
    return this.geometry.length * this.#blockBytes;
  }

  join(options: HostOptions = {}): VirtualHost {
    const { pieceCount } = this.geometry;
    const { maxPeers = MAX_PEERS } = this.#options;
    const id = createPeerId(this.#random);
    const number = this.hosts.length + 1;
    const swarm = new Swarm({
      geometry: this.geometry,
      have: options.isSeeder
        ? Bitfield.full(pieceCount)
        : new Bitfield(pieceCount),
      ownId: id,
      listenPort: PORT,
      maxPeers,
      random: this.#fork(),
      requestLimits: virtualRequestLimits(this.#blockBytes),
      allowedFastSet: (hostname) =>
        allowedFastSet({ infoHash: INFO_HASH, pieceCount, hostname, sha1 }),
    });
    const host: VirtualHost = new VirtualHost({
      network: this.#network,
      hostname: `10.0.${number >>> 8}.${number & 255}`,
      id,
      swarm,
      dialer: new Dialer({
        random: this.#fork(),
        maxPeers,
        permits: () => true,
        limiter: new DialLimiter(),
        connections: swarm,
      }),
      dial: (hostname) => this.#dial(host, hostname),
      firstTickMs: this.#random() * 1000,
    }, options);
    this.hosts.push(host);
    this.#byName.set(host.hostname, host);
    // By then the tracker knows all hosts that join at the same time.
    this.clock.after(2 * this.#network.latencyMs, () => this.#announce(host));
    return host;
  }

  joinMany(count: number, options: HostOptions = {}): VirtualHost[] {
    return Array.from({ length: count }, () => this.join(options));
  }

  /**
   * Advances time until every host that can complete is complete.
   * @throws {Error} If that takes longer than `limitMs`.
   */
  runUntilAllComplete(limitMs: number): void {
    let first = 0;
    this.runUntil(() => {
      while (first < this.hosts.length && !this.hosts[first]!.isWaiting) {
        first++;
      }
      return first === this.hosts.length;
    }, limitMs);
  }

  /** Advances time until `isDone`. @throws {Error} If that is later than `limitMs`. */
  runUntil(isDone: () => boolean, limitMs: number): void {
    if (this.clock.run(isDone, limitMs)) return;
    const state = this.hosts.map((host) =>
      `${host.hostname}: ${host.swarm.have.count} of ${this.geometry.pieceCount}`
    );
    throw new Error(`not done after ${limitMs} ms: ${state.join(", ")}`);
  }

  /** Ends the tracker: hosts find each other by peer exchange from now on. */
  endTracker(): void {
    this.#hasTracker = false;
  }

  pass(durationMs: number): void {
    this.clock.run(() => false, this.clock.now + durationMs);
  }

  #fork(): Random {
    return seededRandom(randomBelow(2 ** 32, this.#random));
  }

  /** The tracker returns some present hosts, and again at each interval. */
  #announce(host: VirtualHost): void {
    if (host.isGone) return;
    const { knownHosts } = host.options;
    if (knownHosts !== undefined) return learn(host, knownHosts, "user");
    if (!this.#hasTracker) return;
    const { length } = this.hosts;
    const wanted = Math.min(PEERS_PER_ANNOUNCE, length);
    const picked = [...pickSome(length, wanted, this.#random)]
      .map((position) => this.hosts[position]!);
    // A seeder gets leechers alone.
    const named = picked.filter((other) =>
      other !== host && !other.isGone && !(host.isComplete && other.isComplete)
    );
    learn(host, named.map(({ hostname }) => hostname), "tracker");
    this.clock.after(ANNOUNCE_INTERVAL_MS, () => this.#announce(host));
  }

  #dial(dialer: VirtualHost, hostname: string): void {
    const key = ++this.#connectionCount;
    // One round trip for TCP, one for the two handshakes.
    this.clock.after(4 * this.#network.latencyMs, () => {
      const listener = this.#byName.get(hostname)!;
      if (!listener.isGone && !dialer.isGone) {
        const there = dialer.channelTo(listener, key);
        const back = listener.channelTo(dialer, key);
        listener.connect(key, {
          ...{ far: dialer, outgoing: back, incoming: there },
          ...{ isOutgoing: false, hasReceived: false },
        });
        dialer.connect(key, {
          ...{ far: listener, outgoing: there, incoming: back },
          ...{ isOutgoing: true, hasReceived: false },
        });
      }
      const address = { hostname, port: PORT };
      dialer.tellDialer(
        listener.isGone
          ? { type: "ended", address, reason: "unanswered" }
          : { type: "answered", address },
      );
    });
  }
}

function learn(
  host: VirtualHost,
  hostnames: readonly string[],
  source: AddressSource,
): void {
  const addresses = hostnames.map((hostname) => ({ hostname, port: PORT }));
  host.tellDialer({ type: "learnt", source, addresses });
}

/** `count` different numbers below a bound. */
function pickSome(bound: number, count: number, random: Random): Set<number> {
  const picked = new Set<number>();
  if (2 * count >= bound) {
    const all = Array.from({ length: bound }, (_, index) => index);
    for (let step = 0; step < count; step++) {
      const other = step + randomBelow(bound - step, random);
      picked.add(all[other]!);
      all[other] = all[step]!;
    }
    return picked;
  }
  while (picked.size < count) picked.add(randomBelow(bound, random));
  return picked;
}
