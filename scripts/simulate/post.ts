/**
 * What hosts say to one another, on its way. Nearly all of it is haves and
 * requests, which travel as numbers; the rest waits beside them.
 *
 * @module
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { Mailboxes } from "./mailboxes.ts";

/** The number of a message that waits beside. */
const OTHER = -1;

/** Messages to hosts, which go by number. */
export class Post {
  readonly #geometry: Geometry;
  readonly #boxes = new Mailboxes();
  readonly #others: Message[][] = [];
  /** The same words again and again. */
  readonly #haves: Message[];

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.#haves = Array.from(
      { length: geometry.pieceCount },
      (_, index) => ({ type: "have", index }),
    );
  }

  /** One more host. Returns its number, counted from 0. */
  open(): number {
    this.#others.push([]);
    return this.#boxes.open();
  }

  /** When the first message to a host arrives; `Infinity` if there is none. */
  firstAt(number: number): number {
    return this.#boxes.firstAt(number);
  }

  /** A message to a host, which arrives at a moment not before the others to it. */
  send(number: number, at: number, key: PeerKey, message: Message): void {
    this.#boxes.push(number, at, key, this.#code(number, message));
  }

  /** Hands out what has arrived at a host, in order. */
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
