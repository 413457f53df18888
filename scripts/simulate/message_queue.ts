/**
 * The messages in flight between hosts. Nearly all of them are haves and
 * requests, which are kept as numbers; the others are kept beside them.
 *
 * @module
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { Mailboxes } from "./mailboxes.ts";

/** The number of a message that is kept beside. */
const OTHER = -1;

/** Messages to hosts, by the number of the host. */
export class MessageQueue {
  readonly #geometry: Geometry;
  readonly #boxes = new Mailboxes();
  readonly #others: Message[][] = [];
  /** One object for each have. */
  readonly #haves: Message[];

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.#haves = Array.from(
      { length: geometry.pieceCount },
      (_, index) => ({ type: "have", index }),
    );
  }

  /** Adds a host. Returns its number, from 0. */
  open(): number {
    this.#others.push([]);
    return this.#boxes.open();
  }

  /** The arrival of the first message to a host; `Infinity` if there is none. */
  firstAt(number: number): number {
    return this.#boxes.firstAt(number);
  }

  /** Sends a message to a host. It must not arrive before earlier ones. */
  send(number: number, at: number, key: PeerKey, message: Message): void {
    this.#boxes.push(number, at, key, this.#code(number, message));
  }

  /** Delivers the messages that have arrived at a host, in order. */
  deliver(
    number: number,
    now: number,
    take: (key: PeerKey, message: Message) => void,
  ): void {
    this.#boxes.drain(number, now, (key, code) => {
      take(key, this.#decode(number, code));
    });
  }

  #code(number: number, message: Message): number {
    if (message.type === "have") return message.index;
    if (message.type === "request") {
      const { index, offsetInPiece } = message;
      const id = this.#geometry.blockIdAt(index, offsetInPiece)!;
      return this.#haves.length + id;
    }
    this.#others[number]!.push(message);
    return OTHER;
  }

  #decode(number: number, code: number): Message {
    if (code === OTHER) return this.#others[number]!.shift()!;
    const have = this.#haves[code];
    if (have !== undefined) return have;
    const id = code - this.#haves.length;
    const { index, offsetInPiece, length } = this.#geometry.blockRange(id);
    return { type: "request", index, offsetInPiece, length };
  }
}
