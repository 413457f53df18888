/**
 * One machine of a virtual LAN: the real engine, and in place of sockets, disk
 * and clock the virtual ones. It performs the engine's actions as a session
 * would: control messages go ahead of blocks and cost no bandwidth, a block
 * takes up the uplink, a piece is judged after a moment.
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
  HashedPiece,
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "../../lib/swarm/events.ts";
import type { Swarm } from "../../lib/swarm/swarm.ts";
import {
  OWN_EXTENSIONS,
  type WireExtensions,
} from "../../lib/wire/handshake.ts";
import type { Message } from "../../lib/wire/message.ts";
import { CLOSED, type Connection, type NewConnection } from "./connections.ts";
import { GIGABIT, type HostOptions } from "./host_options.ts";
import { Mailboxes } from "./mailboxes.ts";
import { blockReceived, blockSent, messageReceived } from "./reused_events.ts";
import { isRight, rightBlock, wrongBlock } from "./virtual_content.ts";
import {
  type Channel,
  Downlink,
  type TakeBlock,
  Uplink,
} from "./virtual_link.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

/** Time to hash and store a piece, in milliseconds. */
const VERIFY_MS = 1;
const TICK_MS = 1000;

/** What a host is made of. */
export interface HostParts {
  readonly network: VirtualNetwork;
  readonly hostname: string;
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly dialer: Dialer;
  /** Dials a host; the dialer is told the result. */
  readonly dial: (hostname: string) => void;
  /** When its first tick comes, in milliseconds from now. */
  readonly firstTickMs: number;
}

/** The port on which every host listens. */
export const PORT = 6881;

/** The key of no connection. */
const NOBODY = -1;
/** Boxes of what a host has under way with itself. */
const SENT = 0;
const JUDGED = 1;

/** A host with one torrent. A connection has the same key at both ends. */
export class VirtualHost {
  /** By which the network knows it. */
  readonly number: number;
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
  readonly #network: VirtualNetwork;
  readonly #dialer: Dialer;
  readonly #dial: HostParts["dial"];
  readonly #uplink: Uplink;
  readonly #downlink: Downlink;
  readonly #connections = new Map<PeerKey, Connection>();
  /** Who spoke last: mostly several messages of one peer come together. */
  #speaker: PeerKey = NOBODY;
  readonly #own = new Mailboxes();
  /** The pieces whose verdicts are under way. */
  readonly #judged: HashedPiece[] = [];
  #isFrozen = false;
  #isGone = false;

  constructor(parts: HostParts, options: HostOptions) {
    this.hostname = parts.hostname;
    this.id = parts.id;
    this.swarm = parts.swarm;
    this.options = options;
    this.#network = parts.network;
    this.#dialer = parts.dialer;
    this.#dial = parts.dial;
    const { network } = parts;
    const {
      upBytesPerSecond = GIGABIT,
      downBytesPerSecond = GIGABIT,
    } = options;
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

  /** True if it waits for content that some present host may yet give it. */
  get isWaiting(): boolean {
    return !this.#isGone && !this.#isFrozen && !this.isComplete;
  }

  get extensions(): WireExtensions {
    return this.options.extensions ?? OWN_EXTENSIONS;
  }

  /** Reports to the dialer, and dials what is due. */
  tellDialer(event: DialerEvent): void {
    if (this.#isGone) return;
    const due = this.#dialer.apply(event, this.#network.clock.now);
    for (const { hostname } of due) this.#dial(hostname);
  }

  /** The direction of a connection that blocks leave by. */
  channelTo(far: VirtualHost, key: PeerKey): Channel {
    const { isWrong } = this.options;
    return { key, to: far.number, isWrong, isOpen: true, turn: 0 };
  }

  /** A connection stands. */
  connect(key: PeerKey, connection: NewConnection): void {
    const { far, outgoing, incoming, isCaller } = connection;
    if (this.#isGone) return this.#network.say(far.number, key, CLOSED);
    const { id, hostname } = far;
    this.#connections.set(key, {
      key,
      far: far.number,
      hostname,
      outgoing,
      incoming,
      isCaller,
      hasHeard: false,
    });
    const [ours, theirs] = [this.extensions, far.extensions];
    const extensions = {
      fast: ours.fast && theirs.fast,
      extended: ours.extended && theirs.extended,
    };
    this.#tell({
      type: "peerJoined",
      peer: key,
      id,
      hostname,
      isOutgoing: isCaller,
      extensions,
      listenPort: isCaller ? PORT : undefined,
    });
    const { size } = this.swarm.peers;
    this.mostConnections = Math.max(this.mostConnections, size);
  }

  /** Ends every connection, as a process that is stopped. */
  leave(): void {
    this.#isGone = true;
    for (const key of [...this.#connections.keys()]) this.#close(key, "lost");
  }

  /** Neither hears nor says anything, and its connections stand. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Hears at once what was said meanwhile. */
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
    this.#own.drain(JUDGED, now, this.#onVerdict);
    this.#uplink.advance(until, this.#onLeaving);
    const nextAt = Math.min(
      this.#uplink.nextAt,
      this.#own.firstAt(SENT),
      this.#own.firstAt(JUDGED),
      this.#downlink.nextAt,
      network.nextMessageAt(this.number),
    );
    if (nextAt < Infinity) this.#wake(nextAt);
  }

  readonly #onSent = (peer: PeerKey, length: number): void => {
    this.#tell(blockSent(peer, length));
  };

  readonly #onBlock: TakeBlock = ({ key: peer, block: id }) => {
    const incoming = this.#connections.get(peer)?.incoming;
    if (incoming === undefined || !incoming.isOpen) return;
    const { geometry } = this.#network;
    const range = geometry.blockRange(id);
    const bytes = incoming.isWrong?.(range)
      ? wrongBlock()
      : rightBlock(geometry, range);
    this.#tell(blockReceived(peer, range, bytes));
  };

  readonly #onMessage = (peer: PeerKey, message: Message): void => {
    if (peer !== this.#speaker) {
      const connection = this.#connections.get(peer);
      if (connection === undefined) return;
      connection.hasHeard = true;
      this.#speaker = peer;
    }
    if (message === CLOSED) return this.#farEndClosed(peer);
    this.#tell(messageReceived(peer, message));
  };

  readonly #onVerdict = (isRight: number): void => {
    const { index, bytes } = this.#judged.shift()!;
    const type = isRight > 0 ? "pieceVerified" : "pieceCorrupt";
    this.#tell({ type, index, bytes });
  };

  #tick(): void {
    if (this.#isGone) return;
    if (!this.#isFrozen) {
      this.#tell({ type: "tick" });
      this.tellDialer({ type: "tick" });
    }
    this.#network.clock.after(TICK_MS, () => this.#tick());
  }

  #tell(event: SwarmEvent): void {
    if (this.#isGone) return;
    const actions = this.swarm.apply(event, this.#network.clock.now);
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        return this.#say(action.peer, action.message);
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
        const verdict = isRight(geometry, action.index, action.bytes);
        this.#judged.push(action);
        this.#own.push(JUDGED, at, verdict ? 1 : 0, 0);
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

  #say(key: PeerKey, message: Message): void {
    const connection = this.#connections.get(key);
    if (connection !== undefined) {
      this.#network.say(connection.far, key, message);
    }
  }

  #close(key: PeerKey, reason: ConnectionEnd): void {
    this.#say(key, CLOSED);
    this.#end(key, reason);
  }

  #farEndClosed(key: PeerKey): void {
    this.#tell({ type: "peerLeft", peer: key });
    const hasHeard = this.#connections.get(key)?.hasHeard;
    this.#end(key, hasHeard ? "lost" : "refused");
  }

  #end(key: PeerKey, reason: ConnectionEnd): void {
    const connection = this.#connections.get(key);
    if (connection === undefined) return;
    this.#connections.delete(key);
    this.#speaker = NOBODY;
    this.#uplink.close(connection.outgoing, this.#network.clock.now);
    if (!connection.isCaller) return;
    const address = { hostname: connection.hostname, port: PORT };
    this.tellDialer({ type: "ended", address, reason });
  }
}
