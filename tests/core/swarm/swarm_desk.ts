/**
 * A swarm under test with its actions as short lines, so that a test reads as
 * a conversation. `"1 < request 0.2"` is a request to peer 1 (piece 0,
 * block 2), `"1 < request 0.2-4"` one for three blocks; correct content is zeros,
 * and the test decides the hash checks.
 */
import { Bitfield } from "../../../lib/base/bitfield.ts";
import type { PeerId } from "../../../lib/base/identifier.ts";
import { formatPeerAddress } from "../../../lib/base/peer_address.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../../lib/metainfo/geometry.ts";
import type {
  PieceBytes,
  SwarmAction,
  SwarmEvent,
} from "../../../lib/swarm/events.ts";
import type { PeerState } from "../../../lib/swarm/peer_slots.ts";
import { Swarm } from "../../../lib/swarm/swarm.ts";
import type { WireExtensions } from "../../../lib/wire/handshake.ts";
import type {
  ControlMessage,
  Message,
  SignalMessage,
} from "../../../lib/wire/message.ts";

export interface SwarmDeskOptions {
  /** The pieces that we have, as `"#.#"`. */
  readonly have: string;
  /** The pieces to fetch. @default {all} */
  readonly wanted?: string;
  /** @default {2} */
  readonly blocksPerPiece?: number;
  /** Bytes that the last block is shorter. @default {0} */
  readonly missingBytes?: number;
  /** @default {100} */
  readonly maxPeers?: number;
  /** @default {1} */
  readonly seed?: number;
  /** Pieces offered to a choked peer. @default {none} */
  readonly allowedFast?: readonly number[];
  /** @default {6881} */
  readonly listenPort?: number;
  /** @default {false} */
  readonly isPrivate?: boolean;
  /** Metadata to serve. @default {none} */
  readonly info?: Uint8Array;
  /** @default {the address} */
  readonly hostOf?: (hostname: string) => string;
  /** @default {never} */
  readonly isStalled?: (peer: number) => boolean;
}

export interface Introduction {
  /** @default {one for each key} */
  readonly id?: string;
  /** @default {one for each key} */
  readonly hostname?: string;
  /** @default {false} */
  readonly isOutgoing?: boolean;
  /** @default {NO_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** @default {undefined} */
  readonly listenPort?: number;
}

/** A peer with the fast extension. */
export const FAST: Introduction = {
  extensions: { fast: true, extended: false },
};

/** A peer with the extension protocol. */
export const EXTENDED: Introduction = {
  extensions: { fast: false, extended: true },
};

export const OWN_ID = idOf("50");

/** A peer id that starts with two hex digits. */
export function idOf(start: string): PeerId {
  return start.padEnd(40, "0") as PeerId;
}

/** A set of pieces from a picture, `"#.#"`. */
export function piecesOf(picture: string): Bitfield {
  const pieces = new Bitfield(picture.length);
  for (const [index, cell] of [...picture].entries()) {
    if (cell === "#") pieces.add(index);
  }
  return pieces;
}

export class SwarmDesk {
  readonly swarm: Swarm;
  readonly geometry: Geometry;
  /** In milliseconds. */
  now = 1_000_000;
  /** The last bytes of `verifyPiece`, by piece. */
  readonly #hashing = new Map<number, Uint8Array<ArrayBuffer>>();

  constructor(options: SwarmDeskOptions) {
    const { have, wanted, allowedFast = [], seed = 1, ...others } = options;
    const { blocksPerPiece = 2, missingBytes = 0, ...rest } = others;
    const pieceLength = blocksPerPiece * BLOCK_SIZE;
    const length = have.length * pieceLength - missingBytes;
    this.geometry = new Geometry(length, pieceLength);
    this.swarm = new Swarm({
      geometry: this.geometry,
      have: piecesOf(have),
      wanted: wanted === undefined ? undefined : piecesOf(wanted),
      ownId: OWN_ID,
      random: seededRandom(seed),
      maxPeers: 100,
      allowedFastSet: () => allowedFast,
      listenPort: 6881,
      ...rest,
    });
  }

  apply(event: SwarmEvent): string[] {
    return this.swarm.apply(event, this.now).map((action) =>
      this.#line(action)
    );
  }

  join(peer: number, introduction: Introduction = {}): string[] {
    return this.apply({
      type: "peerJoined",
      peer,
      id: introduction.id ? idOf(introduction.id) : idOf(`a${peer}f`),
      hostname: introduction.hostname ?? `192.0.2.${peer}`,
      isOutgoing: introduction.isOutgoing ?? false,
      extensions: introduction.extensions,
      listenPort: introduction.listenPort,
    });
  }

  /** True if the swarm refuses peers of the host. */
  isBanned(hostname: string): boolean {
    const lines = this.join(1_000_000, { hostname });
    this.leave(1_000_000);
    return lines.includes("1000000 disconnect banned");
  }

  leave(peer: number): string[] {
    return this.apply({ type: "peerLeft", peer });
  }

  receive(peer: number, message: Message): string[] {
    return this.apply({ type: "messageReceived", peer, message });
  }

  signal(
    peer: number,
    type: SignalMessage["type"],
  ): string[] {
    return this.receive(peer, { type });
  }

  bitfield(peer: number, picture: string): string[] {
    const bytes = piecesOf(picture).toBytes();
    return this.receive(peer, { type: "bitfield", bytes });
  }

  have(peer: number, index: number): string[] {
    return this.receive(peer, { type: "have", index });
  }

  /** A block comes from a peer, named `"piece.block"`, filled with one byte. */
  block(peer: number, name: string, fill = 0): string[] {
    const [index, block] = this.#numbers(name);
    const length = this.geometry.blockLengthAt(index, block);
    return this.receive(peer, {
      type: "piece",
      index,
      offsetInPiece: block * BLOCK_SIZE,
      block: new Uint8Array(length).fill(fill),
    });
  }

  /** A peer requests, cancels or rejects a block named `"piece.block"`. */
  request(
    peer: number,
    name: string,
    type: "request" | "cancel" | "reject" = "request",
  ): string[] {
    const [index, block] = this.#numbers(name);
    const length = this.geometry.blockLengthAt(index, block);
    return this.receive(peer, {
      type,
      index,
      offsetInPiece: block * BLOCK_SIZE,
      length,
    });
  }

  /** A peer rejects our request for a block named `"piece.block"`. */
  reject(peer: number, name: string): string[] {
    return this.request(peer, name, "reject");
  }

  /** A peer that has the pieces of the picture and serves us. */
  source(peer: number, picture: string, introduction?: Introduction): string[] {
    return [
      ...this.join(peer, introduction),
      ...this.bitfield(peer, picture),
      ...this.signal(peer, "unchoke"),
    ];
  }

  verified(index: number): string[] {
    return this.apply({ type: "pieceVerified", ...this.#hashed(index) });
  }

  corrupt(index: number): string[] {
    return this.apply({ type: "pieceCorrupt", ...this.#hashed(index) });
  }

  /** Empty if the swarm never had the piece verified. */
  #hashed(index: number): PieceBytes {
    return { index, bytes: this.#hashing.get(index) ?? new Uint8Array(0) };
  }

  /** Time passes in whole seconds, with a tick each. */
  pass(ms: number): string[] {
    const lines: string[] = [];
    for (const end = this.now + ms; this.now < end;) {
      this.now += 1000;
      lines.push(...this.apply({ type: "tick" }));
    }
    return lines;
  }

  peer(key: number): PeerState {
    const peer = this.swarm.peers.get(key);
    if (peer === undefined) throw new Error(`peer ${key} is not here`);
    return peer;
  }

  #numbers(name: string): [index: number, block: number] {
    const [index, block] = name.split(".").map(Number);
    return [index!, block!];
  }

  #line(action: SwarmAction): string {
    switch (action.type) {
      case "send":
        return `${action.peer} < ${this.#text(action.message)}`;
      case "serveBlock": {
        const { index, offsetInPiece, length } = action.block;
        return `${action.peer} serve ${index}.${
          offsetInPiece / BLOCK_SIZE
        } of ${length}`;
      }
      case "peersExchanged":
        return `exchanged ${action.addresses.map(formatPeerAddress).join(" ")}`;
      case "verifyPiece":
        this.#hashing.set(action.index, action.bytes);
        return `verify ${action.index}`;
      case "disconnect":
        return `${action.peer} disconnect ${action.reason}`;
      case "ban":
        return `ban ${action.hostname} for ${action.index}`;
      case "completed":
        return "completed";
      default:
        action satisfies never;
        throw new TypeError("unknown action");
    }
  }

  #text(message: ControlMessage): string {
    switch (message.type) {
      case "have":
      case "allowedFast":
      case "suggest":
        return `${message.type} ${message.index}`;
      case "bitfield":
        return `bitfield ${message.bytes.join(" ")}`;
      case "request":
      case "cancel":
      case "reject": {
        const { type, index, offsetInPiece, length } = message;
        const first = offsetInPiece / BLOCK_SIZE;
        const last = first + Math.ceil(length / BLOCK_SIZE) - 1;
        const blocks = last > first ? `${first}-${last}` : first;
        return `${type} ${index}.${blocks}`;
      }
      case "extended":
        return `extended ${message.id}: ${
          new TextDecoder("latin1").decode(message.payload)
        }${message.tail ? ` and ${message.tail.length} bytes` : ""}`;
      default:
        return message.type;
    }
  }
}
