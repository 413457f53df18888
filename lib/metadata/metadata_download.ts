/**
 * The engine that fetches a torrent's metadata from several peers, without I/O or
 * clocks of its own: events and the time come in, actions go out. [BEP 9]
 *
 * Peers that claim the same length fill one copy. If it does not match the info hash,
 * any of its senders may have lied: from then on every peer fills a copy of its own,
 * and a host that sent a wrong one alone, after it had part in another, is banned.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ProtocolError } from "../base/errors.ts";
import {
  METADATA_PIECE_LENGTH,
  type MetadataMessage,
  metadataPieceCount,
} from "./metadata_message.ts";

/** After this time others may be asked for the same piece, in milliseconds. */
const HEDGE_MS = 2_000;
/** After this time the peer gets another request; until then an answer still counts. */
const FORGOTTEN_MS = 30_000;
/** Rest of a peer that rejected a request, and of one whose copy was given up, in milliseconds. */
const REJECT_REST_MS = 5_000;
const GIVEN_UP_REST_MS = 30_000;
/** Bytes that all copies together may hold: twice the longest metadata. */
const MAX_HELD_LENGTH = 64 * 1024 * 1024;

/** Something happened. A peer is named by the number of its connection. */
export type MetadataEvent =
  /** A peer says that it has metadata of this length, in bytes. */
  | {
    readonly type: "offered";
    readonly peer: number;
    readonly hostname: string;
    readonly length: number;
  }
  /** A message came; its bytes are copied. */
  | {
    readonly type: "received";
    readonly peer: number;
    readonly message: MetadataMessage;
  }
  | { readonly type: "left"; readonly peer: number }
  /** Time passed; sent about once a second. */
  | { readonly type: "tick" };

export type MetadataAction =
  | { readonly type: "request"; readonly peer: number; readonly piece: number }
  /** All pieces of a copy are there, but it is not the torrent's. */
  | { readonly type: "mismatched"; readonly hostnames: readonly string[] }
  /** A peer sent wrong metadata alone: close it, and accept no other from its host. */
  | { readonly type: "ban"; readonly peer: number; readonly hostname: string }
  /** The raw info dictionary. It is the last action. */
  | { readonly type: "fetched"; readonly info: Uint8Array<ArrayBuffer> };

/** Metadata that is being put together. */
class Copy {
  readonly length: number;
  readonly pieces: (Uint8Array | undefined)[];
  /** When each piece was last requested and not rejected. */
  readonly requestedAt: Float64Array;
  /** Peers and their hosts. */
  readonly senders = new Map<number, string>();
  missingCount: number;
  heldLength = 0;

  constructor(length: number) {
    this.length = length;
    this.missingCount = metadataPieceCount(length);
    this.pieces = Array(this.missingCount).fill(undefined);
    this.requestedAt = new Float64Array(this.missingCount).fill(-Infinity);
  }

  pieceLength(piece: number): number {
    const start = piece * METADATA_PIECE_LENGTH;
    return Math.min(METADATA_PIECE_LENGTH, this.length - start);
  }
}

/** A peer that offers metadata. */
interface Offer {
  readonly peer: number;
  readonly hostname: string;
  readonly length: number;
  /** The outstanding request: rTorrent never answers if a second one comes before it has sent its reply. */
  request: { readonly piece: number; readonly atMs: number } | undefined;
  restsUntilMs: number;
}

export class MetadataDownload {
  readonly #isRight: (info: Uint8Array) => boolean;
  readonly #offers = new Map<number, Offer>();
  readonly #copies = new Map<string, Copy>();
  /** Wrong copies that a host had part in; of a banned host `Infinity`. */
  readonly #wrongCounts = new Map<string, number>();
  /** True if every peer fills a copy of its own. */
  #isSeparate = false;
  #actions: MetadataAction[] = [];
  #now = 0;

  /** @param isRight True for bytes that have the info hash. */
  constructor(isRight: (info: Uint8Array) => boolean) {
    this.#isRight = isRight;
  }

  /**
   * Takes an event and returns the actions to perform, in order.
   * @throws {ProtocolError} If the peer's message contradicts what it offered.
   */
  apply(event: MetadataEvent, now: number): readonly MetadataAction[] {
    this.#now = now;
    switch (event.type) {
      case "offered":
        this.#offer(event);
        break;
      case "received":
        this.#receive(event.peer, event.message);
        break;
      case "left":
        this.#leave(event.peer);
        break;
      case "tick":
        this.#tick();
        break;
      default:
        event satisfies never;
    }
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #offer(event: MetadataEvent & { type: "offered" }): void {
    const { peer, hostname, length } = event;
    if (this.#offers.get(peer)?.length === length) return;
    this.#leave(peer);
    if (this.#wrongCounts.get(hostname) === Infinity) return;
    const known = { peer, hostname, length };
    this.#offers.set(peer, { ...known, request: undefined, restsUntilMs: 0 });
    this.#requestAll();
  }

  #receive(peer: number, message: MetadataMessage): void {
    const offer = this.#offers.get(peer);
    if (offer === undefined || message.type === "request") return;
    // Not requested, or for a copy that was given up.
    if (offer.request?.piece !== message.piece) return;
    const copy = this.#copyOf(offer);
    if (message.type === "data") this.#store(copy, offer, message);
    else {
      offer.restsUntilMs = this.#now + REJECT_REST_MS;
      offer.request = undefined;
      copy.requestedAt[message.piece] = -Infinity;
    }
    if (copy.missingCount === 0) this.#judge(copy);
    this.#requestAll();
  }

  #store(
    copy: Copy,
    offer: Offer,
    { piece, totalLength, bytes }: MetadataMessage & { type: "data" },
  ): void {
    const isDue = totalLength === copy.length &&
      bytes.length === copy.pieceLength(piece);
    if (!isDue) {
      throw new ProtocolError(
        `Cannot accept metadata: piece ${piece} has ${bytes.length} bytes of ${totalLength}, but ${copy.length} were offered`,
      );
    }
    offer.request = undefined;
    if (copy.pieces[piece] !== undefined) return;
    copy.pieces[piece] = bytes.slice();
    copy.senders.set(offer.peer, offer.hostname);
    copy.heldLength += bytes.length;
    copy.missingCount--;
    this.#boundCopies();
  }

  /** Gives up the longest copy while all of them hold too much: lies are long. */
  #boundCopies(): void {
    const copies = [...this.#copies];
    const held = copies.reduce((sum, [, copy]) => sum + copy.heldLength, 0);
    if (held <= MAX_HELD_LENGTH) return;
    const [key, longest] = copies.reduce((one, other) =>
      other[1].length > one[1].length ? other : one
    );
    this.#copies.delete(key);
    for (const offer of this.#offers.values()) {
      if (offer.length !== longest.length) continue;
      offer.request = undefined;
      offer.restsUntilMs = this.#now + GIVEN_UP_REST_MS;
    }
  }

  #judge(copy: Copy): void {
    const info = concat(copy.pieces.map((piece) => piece!));
    if (this.#isRight(info)) {
      this.#offers.clear();
      this.#copies.clear();
      this.#actions.push({ type: "fetched", info });
      return;
    }
    const hostnames = [...new Set(copy.senders.values())];
    this.#actions.push({ type: "mismatched", hostnames });
    for (const hostname of hostnames) {
      const count = (this.#wrongCounts.get(hostname) ?? 0) + 1;
      this.#wrongCounts.set(hostname, count);
      if (hostnames.length > 1 || count < 2) continue;
      this.#wrongCounts.set(hostname, Infinity);
      for (const peer of copy.senders.keys()) {
        this.#offers.delete(peer);
        this.#actions.push({ type: "ban", peer, hostname });
      }
    }
    if (this.#isSeparate) {
      for (const [key, other] of this.#copies) {
        if (other === copy) this.#copies.delete(key);
      }
    } else {
      this.#isSeparate = true;
      this.#copies.clear();
      for (const offer of this.#offers.values()) offer.request = undefined;
    }
  }

  #leave(peer: number): void {
    const offer = this.#offers.get(peer);
    if (offer === undefined) return;
    this.#offers.delete(peer);
    const key = this.#keyOf(offer);
    if (offer.request !== undefined) {
      this.#copyOf(offer).requestedAt[offer.request.piece] = -Infinity;
    }
    const isUsed = this.#offers.values()
      .some((other) => this.#keyOf(other) === key);
    // A peer that reconnects goes on where it was, unless lengths are in dispute.
    if (!isUsed && this.#copies.size > 1) this.#copies.delete(key);
    this.#requestAll();
  }

  #tick(): void {
    for (const offer of this.#offers.values()) {
      const { atMs = Infinity } = offer.request ?? {};
      if (this.#now - atMs >= FORGOTTEN_MS) offer.request = undefined;
    }
    this.#requestAll();
  }

  /** Hosts with few unanswered requests first: many silent peers of one host delay no other. */
  #requestAll(): void {
    const offers = [...this.#offers.values()];
    const unanswered = new Map<string, number>();
    for (const { hostname, request } of offers) {
      const count = unanswered.get(hostname) ?? 0;
      unanswered.set(hostname, count + (request === undefined ? 0 : 1));
    }
    const countOf = ({ hostname }: Offer): number => unanswered.get(hostname)!;
    offers.sort((one, other) => countOf(one) - countOf(other));
    for (const offer of offers) this.#request(offer);
  }

  #request(offer: Offer): void {
    if (offer.request !== undefined || this.#now < offer.restsUntilMs) return;
    const copy = this.#copyOf(offer);
    const piece = this.#pick(copy);
    if (piece === undefined) return;
    offer.request = { piece, atMs: this.#now };
    copy.requestedAt[piece] = this.#now;
    this.#actions.push({ type: "request", peer: offer.peer, piece });
  }

  /** The missing piece whose last request is oldest, if that is old enough. */
  #pick({ pieces, requestedAt }: Copy): number | undefined {
    let oldest: number | undefined;
    for (const [piece, atMs] of requestedAt.entries()) {
      if (pieces[piece] !== undefined) continue;
      if (atMs === -Infinity) return piece;
      const isOlder = oldest === undefined || atMs < requestedAt[oldest]!;
      if (this.#now - atMs >= HEDGE_MS && isOlder) oldest = piece;
    }
    return oldest;
  }

  #copyOf(offer: Offer): Copy {
    const key = this.#keyOf(offer);
    const copy = this.#copies.get(key) ?? new Copy(offer.length);
    this.#copies.set(key, copy);
    return copy;
  }

  #keyOf({ peer, length }: Offer): string {
    return this.#isSeparate ? `${length} ${peer}` : `${length}`;
  }
}
