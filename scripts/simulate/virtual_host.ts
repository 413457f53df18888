/**
 * One machine of a virtual LAN: the real engine with virtual sockets, disk
 * and clock. It performs the engine's actions as a session
 * would: control messages overtake blocks and cost no bandwidth, a block
 * occupies the uplink, a piece is verified after a moment.
 *
 * @module
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
import type { Message } from "../../lib/wire/message.ts";
import {
  CLOSED,
  type Connection,
  GIGABIT,
  type HostOptions,
  type NewConnection,
  ReusedEvents,
} from "./host_parts.ts";
import { Mailboxes } from "./mailboxes.ts";
import { correctBlock, corruptBlock, isCorrect } from "./virtual_content.ts";
import {
  type Channel,
  Downlink,
  type TakeBlock,
  Uplink,
} from "./virtual_link.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

/** Time to hash and store a piece. */
const VERIFY_MS = 1;
const TICK_MS = 1000;

export interface HostParts {
  readonly network: VirtualNetwork;
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly dialer: Dialer;
  /** Dials a host and reports the result to the dialer. */
  readonly dial: (hostname: string) => void;
  /** Delay of its first tick. */
  readonly firstTickMs: number;
}

/** The port on which every host listens. */
export const PORT = 6881;

const NO_PEER = -1;
/** Mailboxes of a host's own events. */
const SENT = 0;
const HASHED = 1;

/** A host with one torrent. A connection has the same key at both ends. */
export class VirtualHost {
  /** Its number in the network. */
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
  /** The most connections that it had at once. */
  mostConnections = 0;
  readonly #network: VirtualNetwork;
  readonly #parts: HostParts;
  readonly #uplink: Uplink;
  readonly #downlink: Downlink;
  readonly #connections = new Map<PeerKey, Connection>();
  /** The last sender: mostly several messages of one peer arrive together. */
  #sender: PeerKey = NO_PEER;
  readonly #own = new Mailboxes();
  readonly #events = new ReusedEvents();
  /** The pieces that are being hashed. */
  readonly #hashed: PieceBytes[] = [];
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
    this.#own.open();
    this.#own.open();
    const msPerBlock = network.msPerBlock(downBytesPerSecond);
    this.number = network.add({ onTurn: () => this.#turn(), msPerBlock });
    this.#uplink = new Uplink(network.msPerBlock(upBytesPerSecond));
    const { latencyMs } = network;
    this.#downlink = new Downlink({ latencyMs, msPerBlock });
    network.clock.after(parts.firstTickMs, () => this.#tick());
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

  connect(key: PeerKey, connection: NewConnection): void {
    const { far, outgoing, incoming, isOutgoing } = connection;
    if (this.#isGone) return this.#network.send(far.number, key, CLOSED);
    const { id, hostname } = far;
    this.#connections.set(key, {
      ...{ key, far: far.number, hostname },
      ...{ outgoing, incoming, isOutgoing, hasReceived: false },
    });
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
    this.#network.turns.wake(this.number, at);
  }

  readonly #onLeaving: TakeBlock = ({ far, key, block }, at) => {
    this.#network.carry({ far, key, block }, at);
    this.#own.push(SENT, at, key, 1);
  };

  #turn(): void {
    if (this.#isGone || this.#isFrozen) return;
    const network = this.#network;
    const { now } = network.clock;
    const until = now + network.turnMs;
    this.#uplink.advance(until, this.#onLeaving);
    this.#own.drain(SENT, now, this.#onSent);
    network.deliverBlocks(this.number, this.#downlink);
    this.#downlink.drain(now, this.#onBlock);
    network.deliverMessages(this.number, this.#onMessage);
    this.#own.drain(HASHED, now, this.#onHashed);
    this.#uplink.advance(until, this.#onLeaving);
    const nextAt = Math.min(
      this.#uplink.nextAt,
      this.#own.firstAt(SENT),
      this.#own.firstAt(HASHED),
      this.#downlink.nextAt,
      network.nextMessageAt(this.number),
    );
    if (nextAt < Infinity) this.#wake(nextAt);
  }

  readonly #onSent = (peer: PeerKey, length: number): void => {
    this.#apply(this.#events.blockSent(peer, length));
  };

  readonly #onBlock: TakeBlock = ({ key: peer, block: id }) => {
    const incoming = this.#connections.get(peer)?.incoming;
    if (incoming === undefined || !incoming.isOpen) return;
    const { geometry } = this.#network;
    const range = geometry.blockRange(id);
    const bytes = incoming.isCorrupt?.(range)
      ? corruptBlock()
      : correctBlock(geometry, range);
    this.#apply(this.#events.blockReceived(peer, range, bytes));
  };

  readonly #onMessage = (peer: PeerKey, message: Message): void => {
    if (peer !== this.#sender) {
      const connection = this.#connections.get(peer);
      if (connection === undefined) return;
      connection.hasReceived = true;
      this.#sender = peer;
    }
    if (message === CLOSED) return this.#farEndClosed(peer);
    this.#apply(this.#events.messageReceived(peer, message));
  };

  readonly #onHashed = (isCorrect: number): void => {
    const { index, bytes } = this.#hashed.shift()!;
    const type = isCorrect > 0 ? "pieceVerified" : "pieceCorrupt";
    this.#apply({ type, index, bytes });
  };

  #tick(): void {
    if (this.#isGone) return;
    if (!this.#isFrozen) {
      this.#apply({ type: "tick" });
      this.tellDialer({ type: "tick" });
    }
    this.#network.clock.after(TICK_MS, () => this.#tick());
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
        const { clock, geometry } = this.#network;
        const at = clock.now + VERIFY_MS;
        const isVerified = isCorrect(geometry, action.index, action.bytes);
        this.#hashed.push(action);
        this.#own.push(HASHED, at, isVerified ? 1 : 0, 0);
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
      this.#network.send(connection.far, key, message);
    }
  }

  #close(key: PeerKey, reason: ConnectionEnd): void {
    this.#send(key, CLOSED);
    this.#end(key, reason);
  }

  #farEndClosed(key: PeerKey): void {
    this.#apply({ type: "peerLeft", peer: key });
    const hasReceived = this.#connections.get(key)?.hasReceived;
    this.#end(key, hasReceived ? "lost" : "refused");
  }

  #end(key: PeerKey, reason: ConnectionEnd): void {
    const connection = this.#connections.get(key);
    if (connection === undefined) return;
    this.#connections.delete(key);
    this.#sender = NO_PEER;
    this.#uplink.close(connection.outgoing, this.#network.clock.now);
    if (!connection.isOutgoing) return;
    const address = { hostname: connection.hostname, port: PORT };
    this.tellDialer({ type: "ended", address, reason });
  }
}
