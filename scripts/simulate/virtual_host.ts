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
  JudgedPiece,
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "../../lib/swarm/events.ts";
import type { Swarm } from "../../lib/swarm/swarm.ts";
import {
  OWN_EXTENSIONS,
  type WireExtensions,
} from "../../lib/wire/handshake.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";
import {
  CLOSED,
  type Connection,
  Connections,
  type FarHost,
} from "./connections.ts";
import { GIGABIT, type HostOptions } from "./host_options.ts";
import { Inbox } from "./inbox.ts";
import { Timer, type VirtualClock } from "./virtual_clock.ts";
import { isRight, rightBlock, wrongBlock } from "./virtual_content.ts";
import { PORT, type VirtualDialing } from "./virtual_dialing.ts";
import { Channel, Downlink, type Receiver, Uplink } from "./virtual_link.ts";

/** Time to hash and store a piece, in milliseconds. */
const VERIFY_MS = 1;
const TICK_MS = 1000;

/** What a host is made of. */
export interface HostParts {
  readonly clock: VirtualClock;
  readonly geometry: Geometry;
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly dialing: VirtualDialing;
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** It looks at what came at most this often, in milliseconds; 0: at once. */
  readonly turnMs: number;
  /** When its first tick comes, in milliseconds from now. */
  readonly firstTickMs: number;
}

/** A host with one torrent. A connection has the same key at both ends. */
export class VirtualHost implements Receiver, FarHost {
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly options: HostOptions;
  /** Hosts that it banned. */
  readonly banned: string[] = [];
  /** What peers did wrong, as its engine says it: nothing, if all is well. */
  readonly faults: string[] = [];
  /** When it was told `completed`, in virtual milliseconds; once, if all is well. */
  readonly completions: number[] = [];
  /** Most connections that it had at once. */
  mostConnections = 0;
  readonly #parts: HostParts;
  readonly #uplink: Uplink;
  readonly #downlink: Downlink;
  readonly #connections = new Connections();
  readonly #blocks = new Inbox<Channel, BlockRange>();
  readonly #messages = new Inbox<PeerKey, readonly Message[]>();
  readonly #verdicts = new Inbox<JudgedPiece, boolean>();
  readonly #departures = new Inbox<PeerKey, number>();
  #turnedAt = -Infinity;
  readonly #turnTimer: Timer;
  #isFrozen = false;
  #isGone = false;

  constructor(parts: HostParts, options: HostOptions) {
    this.hostname = parts.hostname;
    this.id = parts.id;
    this.swarm = parts.swarm;
    this.options = options;
    this.#parts = parts;
    const { clock, latencyMs, geometry: { blockBytes } } = parts;
    const linkOf = (bytesPerSecond = GIGABIT) => ({
      msPerBlock: blockBytes * 1000 / bytesPerSecond,
      blockBytes,
      latencyMs,
    });
    this.#uplink = new Uplink(
      clock,
      linkOf(options.upBytesPerSecond),
      (channel) => {
        this.#departures.push(clock.now, channel.key, 1);
        this.#wake(clock.now);
      },
    );
    this.#downlink = new Downlink(linkOf(options.downBytesPerSecond));
    this.#turnTimer = new Timer(clock, () => this.#turn());
    clock.after(parts.firstTickMs, () => this.#tick());
  }

  get isComplete(): boolean {
    return this.swarm.have.isFull;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether it waits for content that some present host may yet give it. */
  get isWaiting(): boolean {
    return !this.#isGone && !this.#isFrozen && !this.isComplete;
  }

  get #extensions(): WireExtensions {
    return this.options.extensions ?? OWN_EXTENSIONS;
  }

  /** Hosts that a tracker names. */
  learn(hostnames: readonly string[]): void {
    this.#parts.dialing.add(hostnames);
    this.dialMore();
  }

  /** A connection stands. */
  connect(key: PeerKey, far: VirtualHost, isOutgoing: boolean): void {
    if (this.#isGone) return far.hear(key, [CLOSED]);
    const channel = new Channel(key, this.#uplink, far);
    this.#connections.add(key, { far, channel, isOutgoing });
    const { id, hostname } = far;
    const [ours, theirs] = [this.#extensions, far.#extensions];
    const extensions = {
      fast: ours.fast && theirs.fast,
      extended: ours.extended && theirs.extended,
    };
    this.#tell({
      type: "peerJoined",
      peer: key,
      id,
      hostname,
      isOutgoing,
      extensions,
      listenPort: isOutgoing ? PORT : undefined,
    });
    this.#connections.speak();
    const { size } = this.swarm.peers;
    this.mostConnections = Math.max(this.mostConnections, size);
  }

  /** Ends every connection, as a process that is stopped. */
  leave(): void {
    this.#isGone = true;
    for (const key of this.#connections.keys()) this.#close(key);
    this.#connections.speak();
  }

  /** Neither hears nor says anything, and its connections stand. */
  freeze(): void {
    this.#isFrozen = true;
    this.#uplink.stop();
  }

  /** Hears at once what was said meanwhile. */
  thaw(): void {
    this.#isFrozen = false;
    this.#uplink.start();
    this.#wake(this.#parts.clock.now);
  }

  /** A block is on its way here. */
  takeIn(channel: Channel, block: BlockRange): void {
    const at = this.#downlink.arrival(this.#parts.clock.now);
    this.#blocks.push(at, channel, block);
    this.#wake(at);
  }

  /** Messages are on their way here. */
  hear(key: PeerKey, messages: readonly Message[]): void {
    const at = this.#parts.clock.now + this.#parts.latencyMs;
    this.#messages.push(at, key, messages);
    this.#wake(at);
  }

  /** Has the host look at what is due, then or as soon as it may. */
  #wake(at: number): void {
    const turnAt = Math.max(at, this.#turnedAt + this.#parts.turnMs);
    if (turnAt < this.#turnTimer.at) this.#turnTimer.set(turnAt);
  }

  #turn(): void {
    if (this.#isGone || this.#isFrozen) return;
    const { now } = this.#parts.clock;
    this.#turnedAt = now;
    this.#departures.drain(now, this.#onDeparture);
    this.#blocks.drain(now, this.#onBlock);
    this.#messages.drain(now, this.#onMessages);
    this.#verdicts.drain(now, this.#onVerdict);
    this.#connections.speak();
    const nextAt = Math.min(
      this.#departures.firstAt,
      this.#blocks.firstAt,
      this.#messages.firstAt,
      this.#verdicts.firstAt,
    );
    if (nextAt < Infinity) this.#wake(nextAt);
  }

  readonly #onDeparture = (peer: PeerKey, length: number): void => {
    this.#tell({ type: "blockSent", peer, length });
  };

  readonly #onBlock = (channel: Channel, block: BlockRange): void => {
    channel.sender.arrived(channel);
    const connection = this.#connections.get(channel.key);
    if (connection === undefined || !channel.isOpen) return;
    const { index, offsetInPiece } = block;
    const content = connection.far.contentOf(block);
    this.#tell({
      type: "messageReceived",
      peer: channel.key,
      message: { type: "piece", index, offsetInPiece, block: content },
    });
  };

  readonly #onMessages = (
    peer: PeerKey,
    messages: readonly Message[],
  ): void => {
    for (const message of messages) {
      const connection = this.#connections.get(peer);
      if (connection === undefined) return;
      if (message === CLOSED) return this.#farEndClosed(peer);
      connection.hasHeard = true;
      this.#tell({ type: "messageReceived", peer, message });
    }
  };

  readonly #onVerdict = (piece: JudgedPiece, isRight: boolean): void => {
    const { index, bytes } = piece;
    const type = isRight ? "pieceVerified" : "pieceCorrupt";
    this.#tell({ type, index, bytes });
  };

  /** What it sends when a block is asked of it. */
  contentOf(block: BlockRange): Uint8Array {
    return this.options.isWrong?.(block)
      ? wrongBlock()
      : rightBlock(this.#parts.geometry, block);
  }

  #tick(): void {
    if (this.#isGone) return;
    if (!this.#isFrozen) {
      this.#tell({ type: "tick" });
      this.#connections.speak();
      this.dialMore();
    }
    this.#parts.clock.after(TICK_MS, () => this.#tick());
  }

  /** Dials while connections are wanted. */
  dialMore(): void {
    if (this.#isGone) return;
    const { dialing, clock } = this.#parts;
    dialing.dialMore(this.swarm.peers, clock.now);
  }

  #tell(event: SwarmEvent): void {
    if (this.#isGone) return;
    const actions = this.swarm.apply(event, this.#parts.clock.now);
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        return this.#connections.say(action.peer, action.message);
      case "serveBlock": {
        const connection = this.#connections.get(action.peer);
        if (connection === undefined) return;
        return this.#uplink.send(connection.channel, action.block);
      }
      case "verifyPiece": {
        const { clock, geometry } = this.#parts;
        const at = clock.now + VERIFY_MS;
        const verdict = isRight(geometry, action.index, action.bytes);
        this.#verdicts.push(at, action, verdict);
        this.#wake(at);
        return;
      }
      case "disconnect":
        if (action.reason === "protocol") this.faults.push(action.detail);
        return this.#close(action.peer, action.reason === "bothComplete");
      case "findAllowedFast":
        // For swarms with more leechers at a host than it has upload slots.
        return;
      case "peersHeard":
        return this.#parts.dialing.hear(
          action.addresses.map(({ hostname }) => hostname),
        );
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

  #close(key: PeerKey, isForGood = false): void {
    const connection = this.#connections.end(key, { isTold: false });
    if (connection !== undefined) this.#over(connection, isForGood);
  }

  #farEndClosed(key: PeerKey): void {
    const connection = this.#connections.end(key, { isTold: true });
    if (connection === undefined) return;
    this.#tell({ type: "peerLeft", peer: key });
    this.#over(connection, false);
  }

  #over(connection: Connection, isForGood: boolean): void {
    if (!connection.isOutgoing) return;
    const { dialing, clock } = this.#parts;
    dialing.over(connection.far.hostname, {
      now: clock.now,
      isRefusal: !connection.hasHeard,
      isForGood,
    });
  }
}
