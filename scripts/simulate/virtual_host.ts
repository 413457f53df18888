/**
 * One machine of a virtual LAN: the real engine with virtual sockets, disk
 * and clock. It performs the engine's actions as a session
 * would: control messages overtake blocks and cost no bandwidth, a block
 * occupies the uplink, a piece is verified after a moment.
 */
import type { PeerId } from "../../lib/base/identifier.ts";
import type {
  ConnectionEnd,
  Dialer,
  DialerEvent,
} from "../../lib/dialing/dialer.ts";
import type {
  PeerKey,
  PieceBytes,
  SwarmAction,
  SwarmEvent,
} from "../../lib/swarm/events.ts";
import type { Swarm } from "../../lib/swarm/swarm.ts";
import {
  OWN_EXTENSIONS,
  type WireExtensions,
} from "../../lib/wire/handshake.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";
import { DueQueue } from "./due_queue.ts";
import { correctBlock, CORRUPT_BLOCK, isCorrect } from "./virtual_content.ts";
import {
  type Channel,
  Downlink,
  GIGABIT,
  type TakeBlock,
  Uplink,
} from "./virtual_link.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

/** Time to hash and store a piece. */
const VERIFY_MS = 1;
const TICK_MS = 1000;

export interface HostOptions {
  readonly upBytesPerSecond?: number;
  readonly downBytesPerSecond?: number;
  /** True if it has every piece from the start. @default {false} */
  readonly isSeeder?: boolean;
  /** @default {OWN_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** The only hosts that it dials. @default {those that the tracker returns} */
  readonly knownHosts?: readonly string[];
  /** A message that it sends first on each connection. @default {none} */
  readonly greeting?: Message;
  /** Chooses the blocks that it sends corrupt. Offsets count blocks. @default {none} */
  readonly isCorrupt?: (block: BlockRange) => boolean;
}

/** Sent in place of a message when the connection is closed. */
export const CLOSED: Message = { type: "keepAlive" };

/** One end of a connection, which has the same key at both. */
export interface Connection {
  readonly far: VirtualHost;
  /** Carries the blocks that leave, and those that arrive. */
  readonly outgoing: Channel;
  readonly incoming: Channel;
  readonly isOutgoing: boolean;
  hasReceived: boolean;
}

export interface HostParts {
  readonly network: VirtualNetwork;
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly dialer: Dialer;
  /** Dials a host and reports the result to the dialer. */
  readonly dial: (hostname: string) => void;
  readonly firstTickMs: number;
}

export const PORT = 6881;

export class VirtualHost {
  readonly number: number;
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly options: HostOptions;
  readonly banned: string[] = [];
  /** Details of the peers that its engine disconnected for a breach of the protocol. */
  readonly faults: string[] = [];
  /** Times of the action `completed`, in virtual milliseconds. */
  readonly completions: number[] = [];
  mostConnections = 0;
  readonly #network: VirtualNetwork;
  readonly #parts: HostParts;
  readonly #uplink: Uplink;
  readonly #downlink: Downlink;
  readonly #connections = new Map<PeerKey, Connection>();
  /** The pieces that are being hashed. */
  readonly #hashed = new DueQueue<PieceBytes & { at: number }>();
  #ticksAt: number;
  #isFrozen = false;
  #isGone = false;

  constructor(parts: HostParts, options: HostOptions) {
    const { hostname, id, swarm, network } = parts;
    this.hostname = hostname;
    this.id = id;
    this.swarm = swarm;
    this.options = options;
    this.#parts = parts;
    this.#network = network;
    const { upBytesPerSecond = GIGABIT, downBytesPerSecond = GIGABIT } =
      options;
    this.#uplink = new Uplink(network.msPerBlock(upBytesPerSecond));
    const msPerBlock = network.msPerBlock(downBytesPerSecond);
    const { latencyMs } = network;
    this.#downlink = new Downlink({ latencyMs, msPerBlock });
    this.number = network.add(() => this.#turn(), this.#downlink);
    this.#ticksAt = network.clock.now + parts.firstTickMs;
    this.#wake(this.#ticksAt);
  }

  get isComplete(): boolean {
    return this.swarm.have.isFull;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** True if it is running and incomplete. */
  get isWaiting(): boolean {
    return !this.#isGone && !this.#isFrozen && !this.isComplete;
  }

  get extensions(): WireExtensions {
    return this.options.extensions ?? OWN_EXTENSIONS;
  }

  /** Reports to the dialer, and dials what is due. */
  tellDialer(event: DialerEvent): void {
    if (this.#isGone) return;
    const { dialer, dial } = this.#parts;
    const due = dialer.apply(event, this.#network.clock.now);
    for (const { hostname } of due) dial(hostname);
  }

  /** The direction of a connection that blocks leave by. */
  channelTo(far: VirtualHost, key: PeerKey): Channel {
    const { isCorrupt } = this.options;
    return { key, to: far.number, isCorrupt, isOpen: true, turn: 0 };
  }

  connect(key: PeerKey, connection: Connection): void {
    const { far, isOutgoing } = connection;
    if (this.#isGone) return this.#network.send(far.number, key, CLOSED);
    const { id, hostname } = far;
    this.#connections.set(key, connection);
    const [ours, theirs] = [this.extensions, far.extensions];
    const extensions = {
      fast: ours.fast && theirs.fast,
      extended: ours.extended && theirs.extended,
    };
    this.#apply({
      ...{ type: "peerJoined", peer: key },
      ...{ id, hostname, isOutgoing, extensions },
      listenPort: isOutgoing ? PORT : undefined,
    });
    const { greeting } = this.options;
    if (greeting !== undefined) this.#send(key, greeting);
    const { size } = this.swarm.peers;
    this.mostConnections = Math.max(this.mostConnections, size);
  }

  /** Closes every connection, as a process that stops. */
  leave(): void {
    this.#isGone = true;
    for (const key of [...this.#connections.keys()]) this.#close(key, "lost");
  }

  /** Suspends the host; its connections stay open. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Resumes the host, which receives at once what was sent meanwhile. */
  thaw(): void {
    this.#isFrozen = false;
    this.#uplink.delay(this.#network.clock.now);
    this.#wake(this.#network.clock.now);
  }

  #wake(at: number): void {
    this.#network.wake(this.number, at);
  }

  /** The engine learns of a block that leaves until the next turn now, or the link would idle meanwhile. */
  readonly #onLeaving: TakeBlock = (block, at) => {
    this.#network.carry(block, at);
    this.#apply({ type: "blockSent", peer: block.key, length: 1 });
  };

  #turn(): void {
    if (this.#isGone || this.#isFrozen) return;
    const network = this.#network;
    const { now } = network.clock;
    const until = now + network.turnMs;
    const messages = network.messagesTo(this.number);
    this.#uplink.advance(until, this.#onLeaving);
    this.#downlink.drain(now, this.#onBlock);
    for (let sent; (sent = messages.take(now)) !== undefined;) {
      this.#receive(sent.key, sent.message);
    }
    for (let piece; (piece = this.#hashed.take(now)) !== undefined;) {
      const { index, bytes } = piece;
      const isVerified = isCorrect(network.geometry, index, bytes);
      const type = isVerified ? "pieceVerified" : "pieceCorrupt";
      this.#apply({ type, index, bytes });
    }
    // In a turn, as all that an engine keeps of its peers is in the processor's cache then.
    if (now >= this.#ticksAt) this.#tick();
    this.#uplink.advance(until, this.#onLeaving);
    const nextAt = Math.min(
      this.#ticksAt,
      this.#uplink.nextAt,
      this.#hashed.firstAt,
      this.#downlink.nextAt,
      messages.firstAt,
    );
    this.#wake(nextAt);
  }

  readonly #onBlock: TakeBlock = ({ key: peer, block: id }) => {
    const incoming = this.#connections.get(peer)?.incoming;
    if (incoming === undefined || !incoming.isOpen) return;
    const { geometry } = this.#network;
    const range = geometry.blockRange(id);
    const { index, offsetInPiece } = range;
    const block = incoming.isCorrupt?.(range)
      ? CORRUPT_BLOCK
      : correctBlock(geometry, range);
    const message = { type: "piece", index, offsetInPiece, block } as const;
    this.#apply({ type: "messageReceived", peer, message });
  };

  #receive(peer: PeerKey, message: Message): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    if (message === CLOSED) return this.#farEndClosed(peer, connection);
    connection.hasReceived = true;
    this.#apply({ type: "messageReceived", peer, message });
  }

  #tick(): void {
    this.#ticksAt = this.#network.clock.now + TICK_MS;
    this.#apply({ type: "tick" });
    this.tellDialer({ type: "tick" });
  }

  #apply(event: SwarmEvent): void {
    if (this.#isGone) return;
    const actions = this.swarm.apply(event, this.#network.clock.now);
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        return this.#send(action.peer, action.message);
      case "serveBlock": {
        const connection = this.#connections.get(action.peer);
        if (connection === undefined) return;
        const { index, offsetInPiece } = action.block;
        const { clock, geometry } = this.#network;
        const id = geometry.blockIdAt(index, offsetInPiece)!;
        return this.#uplink.send(connection.outgoing, id, clock.now);
      }
      case "verifyPiece": {
        const { index, bytes } = action;
        const at = this.#network.clock.now + VERIFY_MS;
        this.#hashed.push({ at, index, bytes });
        return this.#wake(at);
      }
      case "disconnect":
        if (action.reason === "protocol") this.faults.push(action.detail);
        return this.#close(action.peer, action.reason);
      case "peersExchanged":
        return this.tellDialer({
          type: "learnt",
          source: "exchange",
          addresses: action.addresses,
        });
      case "ban":
        this.banned.push(action.hostname);
        return;
      case "completed":
        this.completions.push(this.#network.clock.now);
        return this.tellDialer({ type: "completed" });
      default:
        action satisfies never;
    }
  }

  #send(key: PeerKey, message: Message): void {
    const connection = this.#connections.get(key);
    if (connection !== undefined) {
      this.#network.send(connection.far.number, key, message);
    }
  }

  #close(key: PeerKey, reason: ConnectionEnd): void {
    this.#send(key, CLOSED);
    this.#end(key, reason);
  }

  #farEndClosed(key: PeerKey, { hasReceived }: Connection): void {
    this.#apply({ type: "peerLeft", peer: key });
    this.#end(key, hasReceived ? "lost" : "refused");
  }

  #end(key: PeerKey, reason: ConnectionEnd): void {
    const connection = this.#connections.get(key);
    if (connection === undefined) return;
    this.#connections.delete(key);
    this.#uplink.close(connection.outgoing, this.#network.clock.now);
    if (!connection.isOutgoing) return;
    const address = { hostname: connection.far.hostname, port: PORT };
    this.tellDialer({ type: "ended", address, reason });
  }
}
