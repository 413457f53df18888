/**
 * One machine of a virtual LAN: the real engine, and in place of sockets, disk
 * and clock the virtual ones. It performs the engine's actions as a session
 * would: control messages go ahead of blocks and cost no bandwidth, a block
 * takes up the uplink, a piece is judged after a moment.
 *
 * @module
 */
import type { PeerId } from "../../lib/base/identifier.ts";
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type {
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "../../lib/swarm/events.ts";
import type { Swarm } from "../../lib/swarm/swarm.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";
import type { VirtualClock } from "./virtual_clock.ts";
import { isRight, rightBlock, wrongBlock } from "./virtual_content.ts";
import { Channel, Downlink, Uplink } from "./virtual_link.ts";

/** A gigabit a second, in bytes a second. */
export const GIGABIT = 125_000_000;
/** Time to hash and store a piece, in milliseconds. */
const VERIFY_MS = 1;
const TICK_MS = 1000;

/** What a host is like. */
export interface HostOptions {
  /** @default {GIGABIT} */
  readonly upBytesPerSecond?: number;
  /** @default {GIGABIT} */
  readonly downBytesPerSecond?: number;
  /** Whether it has everything from the start. @default {false} */
  readonly isSeeder?: boolean;
  /** Which blocks it sends wrong. @default {none} */
  readonly isWrong?: (block: BlockRange) => boolean;
}

/** What a host is made of. */
export interface HostParts {
  readonly clock: VirtualClock;
  readonly geometry: Geometry;
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** When its first tick comes, in milliseconds from now. */
  readonly firstTickMs: number;
}

/** A host with one torrent. A connection has the same key at both ends. */
export class VirtualHost {
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly downlink: Downlink;
  /** Hosts that it banned. */
  readonly banned: string[] = [];
  /** When it was told `completed`, in virtual milliseconds; once, if all is well. */
  readonly completions: number[] = [];
  readonly #parts: HostParts;
  readonly #isWrong: (block: BlockRange) => boolean;
  readonly #uplink: Uplink;
  readonly #links = new Map<PeerKey, { far: VirtualHost; channel: Channel }>();
  /** What waits while the host is frozen; `undefined` while it is not. */
  #inbox: SwarmEvent[] | undefined;
  #isGone = false;

  constructor(parts: HostParts, options: HostOptions) {
    this.hostname = parts.hostname;
    this.id = parts.id;
    this.swarm = parts.swarm;
    this.#parts = parts;
    this.#isWrong = options.isWrong ?? (() => false);
    const { upBytesPerSecond, downBytesPerSecond } = options;
    this.#uplink = new Uplink(parts.clock, upBytesPerSecond ?? GIGABIT);
    this.downlink = new Downlink(parts.clock, downBytesPerSecond ?? GIGABIT);
    parts.clock.after(parts.firstTickMs, () => this.#tick());
  }

  get isComplete(): boolean {
    return this.swarm.have.isFull;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether it waits for content that some present host may yet give it. */
  get isWaiting(): boolean {
    return !this.#isGone && this.#inbox === undefined && !this.isComplete;
  }

  /** A connection stands. */
  connect(key: PeerKey, far: VirtualHost, isOutgoing: boolean): void {
    if (this.#isGone) return;
    const channel = new Channel(far.downlink, this.#parts.latencyMs);
    this.#links.set(key, { far, channel });
    const { id, hostname } = far;
    this.#tell({ type: "peerJoined", peer: key, id, hostname, isOutgoing });
  }

  /** Ends every connection, as a process that is stopped. */
  leave(): void {
    this.#isGone = true;
    for (const key of [...this.#links.keys()]) this.#close(key);
  }

  /** Neither hears nor says anything, and its connections stand. */
  freeze(): void {
    this.#inbox ??= [];
    this.#uplink.stop();
  }

  /** Hears at once what was said meanwhile. */
  thaw(): void {
    const events = this.#inbox ?? [];
    this.#inbox = undefined;
    this.#uplink.start();
    for (const event of events) this.#tell(event);
  }

  #tick(): void {
    if (this.#isGone) return;
    if (this.#inbox === undefined) this.#tell({ type: "tick" });
    this.#parts.clock.after(TICK_MS, () => this.#tick());
  }

  #tell(event: SwarmEvent): void {
    if (this.#isGone) return;
    if (this.#inbox !== undefined) {
      this.#inbox.push(event);
      return;
    }
    const actions = this.swarm.apply(event, this.#parts.clock.now);
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        return this.#send(action.peer, action.message);
      case "serveBlock":
        return this.#serve(action.peer, action.block);
      case "findAllowedFast":
      case "peersHeard":
        // Nobody offers the extensions that these belong to.
        return;
      case "verifyPiece":
        return this.#verify(action.index, action.bytes);
      case "disconnect":
        return this.#close(action.peer);
      case "ban":
        this.banned.push(action.hostname);
        return;
      case "completed":
        this.completions.push(this.#parts.clock.now);
        return;
      default:
        action satisfies never;
    }
  }

  #send(key: PeerKey, message: Message): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    const { latencyMs, clock } = this.#parts;
    clock.after(latencyMs, () => link.far.#hear(key, message));
  }

  #serve(key: PeerKey, range: BlockRange): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    const block = this.#isWrong(range)
      ? wrongBlock(range)
      : rightBlock(this.#parts.geometry, range);
    const { index, offsetInPiece, length } = range;
    this.#uplink.send(link.channel, {
      length,
      onSent: () => this.#tell({ type: "blockSent", peer: key, length }),
      onReceived: () =>
        link.far.#hear(key, { type: "piece", index, offsetInPiece, block }),
    });
  }

  #hear(key: PeerKey, message: Message): void {
    if (!this.#links.has(key)) return;
    this.#tell({ type: "messageReceived", peer: key, message });
  }

  #verify(index: number, bytes: Uint8Array<ArrayBuffer>): void {
    const { clock, geometry } = this.#parts;
    clock.after(VERIFY_MS, () => {
      const type = isRight(geometry, index, bytes)
        ? "pieceVerified"
        : "pieceCorrupt";
      this.#tell({ type, index, bytes });
    });
  }

  #close(key: PeerKey): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    this.#links.delete(key);
    link.channel.close();
    const { latencyMs, clock } = this.#parts;
    clock.after(latencyMs, () => link.far.#farEndClosed(key));
  }

  #farEndClosed(key: PeerKey): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    this.#links.delete(key);
    link.channel.close();
    this.#tell({ type: "peerLeft", peer: key });
  }
}
