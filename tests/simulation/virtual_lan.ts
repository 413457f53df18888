/**
 * A LAN in one process and in virtual time: hosts with links of any speed, each
 * running the real engine, introduced to one another as a tracker would. The
 * same seed gives the same run, to the byte.
 *
 * @module
 */
import { Bitfield } from "../../lib/base/bitfield.ts";
import { createPeerId } from "../../lib/base/identifier.ts";
import {
  type Random,
  randomBelow,
  seededRandom,
  shuffle,
} from "../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../lib/metainfo/geometry.ts";
import { Swarm } from "../../lib/swarm/swarm.ts";
import { VirtualClock } from "./virtual_clock.ts";
import { type HostOptions, VirtualHost } from "./virtual_host.ts";

/** Peers that a tracker names in one answer. */
const PEERS_PER_ANNOUNCE = 50;

/** What a LAN is like. */
export interface LanOptions {
  readonly seed: number;
  readonly pieceCount: number;
  /** @default {16} */
  readonly blocksPerPiece?: number;
  /** One way, in milliseconds. @default {0.2} */
  readonly latencyMs?: number;
}

/** Hosts that share one torrent. */
export class VirtualLan {
  readonly clock = new VirtualClock();
  readonly geometry: Geometry;
  readonly hosts: VirtualHost[] = [];
  readonly #latencyMs: number;
  readonly #random: Random;
  #connectionCount = 0;

  constructor(options: LanOptions) {
    const pieceLength = (options.blocksPerPiece ?? 16) * BLOCK_SIZE;
    this.geometry = new Geometry(options.pieceCount * pieceLength, pieceLength);
    this.#latencyMs = options.latencyMs ?? 0.2;
    this.#random = seededRandom(options.seed);
  }

  /** A host joins and dials those that a tracker would name to it. */
  join(options: HostOptions = {}): VirtualHost {
    const { pieceCount } = this.geometry;
    const id = createPeerId(this.#random);
    const host = new VirtualHost({
      clock: this.clock,
      geometry: this.geometry,
      hostname: `10.0.0.${this.hosts.length + 1}`,
      id,
      swarm: new Swarm({
        geometry: this.geometry,
        have: options.isSeeder
          ? Bitfield.full(pieceCount)
          : new Bitfield(pieceCount),
        ownId: id,
        maxPeers: 100,
        random: seededRandom(randomBelow(2 ** 32, this.#random)),
      }),
      latencyMs: this.#latencyMs,
      firstTickMs: this.#random() * 1000,
    }, options);
    const present = this.hosts.filter((other) => !other.isGone);
    const named = shuffle(present, this.#random).slice(0, PEERS_PER_ANNOUNCE);
    for (const other of named) this.#connect(host, other);
    this.hosts.push(host);
    return host;
  }

  /** So many hosts alike. */
  joinMany(count: number, options: HostOptions = {}): VirtualHost[] {
    return Array.from({ length: count }, () => this.join(options));
  }

  /**
   * Lets time pass until every host that can have everything has it.
   * @throws {Error} If that takes longer than `limitMs`.
   */
  runUntilAllComplete(limitMs: number): void {
    this.runUntil(() => !this.hosts.some((host) => host.isWaiting), limitMs);
  }

  /** Lets time pass. @throws {Error} If `isDone` stays false for longer than until `limitMs`. */
  runUntil(isDone: () => boolean, limitMs: number): void {
    if (this.clock.run(isDone, limitMs)) return;
    const state = this.hosts.map((host) =>
      `${host.hostname}: ${host.swarm.have.count} of ${this.geometry.pieceCount}`
    );
    throw new Error(`not done after ${limitMs} ms: ${state.join(", ")}`);
  }

  /** Lets so many milliseconds pass. */
  pass(durationMs: number): void {
    this.clock.run(() => false, this.clock.now + durationMs);
  }

  #connect(dialer: VirtualHost, listener: VirtualHost): void {
    const key = ++this.#connectionCount;
    // One round trip for TCP, one for the two handshakes.
    this.clock.after(4 * this.#latencyMs, () => {
      listener.connect(key, dialer, false);
      dialer.connect(key, listener, true);
    });
  }
}
