/**
 * Checks the promises of a swarm after every event: a watcher
 * keeps an account of each connection from the events and actions alone,
 * and compares it with the engine's state.
 */
import { assert, assertEquals } from "@std/assert";
import { BLOCK_SIZE } from "../../../lib/metainfo/geometry.ts";
import type {
  PeerKey,
  SwarmAction,
  SwarmEvent,
} from "../../../lib/swarm/events.ts";
import { MAX_REQUEST_LENGTH } from "../../../lib/swarm/uploads.ts";
import type { Swarm } from "../../../lib/swarm/swarm.ts";
import type {
  BlockRange,
  ControlMessage,
  Message,
} from "../../../lib/wire/message.ts";
import type { Geometry } from "../../../lib/metainfo/geometry.ts";

/** The messages of one connection. */
interface Account {
  readonly hostname: string;
  readonly isFast: boolean;
  peerChokes: boolean;
  weChoke: boolean;
  weAreInterested: boolean;
  /** Blocks requested and neither answered, cancelled nor dropped by a choke. */
  readonly requested: Set<string>;
  /** Blocks cancelled whose answer is still to come: with the fast extension alone. */
  readonly cancelled: Set<string>;
  /** Pieces that the peer serves while it chokes us. */
  readonly allowed: Set<number>;
  /** Pieces that we serve while we choke it. */
  readonly offered: Set<number>;
  /** Bytes that the peer requested, with the fast extension, and that are neither handed out nor rejected. */
  unansweredBytes: number;
  bytesBeingServed: number;
  /** Pieces that we announced, one by one. */
  readonly announced: Set<number>;
}

export class WatchedSwarm {
  readonly swarm: Swarm;
  /** In bytes. */
  longestRequest = 0;
  readonly #geometry: Geometry;
  readonly #accounts = new Map<PeerKey, Account>();
  readonly #hashing = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #banned = new Set<string>();
  #completedCount = 0;

  constructor(swarm: Swarm, geometry: Geometry) {
    this.swarm = swarm;
    this.#geometry = geometry;
  }

  /** The pieces that await their hash check, with their bytes. */
  get hashing(): ReadonlyMap<number, Uint8Array<ArrayBuffer>> {
    return this.#hashing;
  }

  bytesBeingServed(key: PeerKey): number {
    return this.#accounts.get(key)?.bytesBeingServed ?? 0;
  }

  /** Ids of the blocks that we cancelled at a peer that still answers for them. */
  cancelledAt(key: PeerKey): number[] {
    return [...this.#account(key).cancelled].map((name) => {
      const [index, offsetInPiece] = name.split(" ").map(Number);
      return this.#geometry.blockIdAt(index!, offsetInPiece!)!;
    });
  }

  /** Applies an event. @throws {AssertionError} If the engine breaks a promise. */
  apply(event: SwarmEvent, now: number): void {
    this.#noteEvent(event);
    const actions = this.swarm.apply(event, now);
    for (const action of actions) this.#noteAction(action);
    this.#checkState();
    for (const action of actions) this.#checkWindow(action);
  }

  #noteEvent(event: SwarmEvent): void {
    switch (event.type) {
      case "peerJoined":
        this.#accounts.set(event.peer, {
          hostname: event.hostname,
          isFast: event.extensions?.fast ?? false,
          peerChokes: true,
          weChoke: true,
          weAreInterested: false,
          requested: new Set(),
          cancelled: new Set(),
          allowed: new Set(),
          offered: new Set(),
          unansweredBytes: 0,
          bytesBeingServed: 0,
          announced: new Set(),
        });
        return;
      case "peerLeft":
        this.#accounts.delete(event.peer);
        return;
      case "blockSent": {
        const account = this.#accounts.get(event.peer);
        if (account !== undefined) account.bytesBeingServed -= event.length;
        return;
      }
      case "pieceVerified":
      case "pieceCorrupt":
        this.#hashing.delete(event.index);
        return;
      case "messageReceived": {
        const account = this.#accounts.get(event.peer);
        if (account === undefined) return;
        const { message } = event;
        this.#noteReceived(account, message);
      }
    }
  }

  #noteReceived(account: Account, message: Message): void {
    switch (message.type) {
      case "unchoke":
        account.peerChokes = false;
        return;
      case "choke":
        account.peerChokes = true;
        if (!account.isFast) account.requested.clear();
        return;
      case "piece": {
        const { index, offsetInPiece, block: { length } } = message;
        for (const name of namesOf({ index, offsetInPiece, length })) {
          if (!account.requested.delete(name)) account.cancelled.delete(name);
        }
        return;
      }
      case "reject":
        for (const name of namesOf(message)) {
          // The request was cancelled and made again: the first answer is the cancelled one's.
          if (account.cancelled.delete(name)) continue;
          if (account.peerChokes) account.allowed.delete(message.index);
          account.requested.delete(name);
        }
        return;
      case "allowedFast":
        account.allowed.add(message.index);
        return;
      case "request":
        account.unansweredBytes += message.length;
    }
  }

  #noteAction(action: SwarmAction): void {
    switch (action.type) {
      case "send":
        return this.#noteSent(this.#account(action.peer), action.message);
      case "serveBlock": {
        const account = this.#account(action.peer);
        const { index, offsetInPiece, length } = action.block;
        account.unansweredBytes -= length;
        // Pieces offered while it was choked may still be queued.
        const isDue = !account.weChoke || account.offered.has(index);
        assert(isDue, "a choked peer is not served");
        assert(this.swarm.have.has(index), "only verified pieces are served");
        assert(this.#geometry.contains(index, offsetInPiece, length));
        assertEquals(Object.keys(action.block).length, 3);
        account.bytesBeingServed += length;
        return;
      }
      case "peersExchanged":
        assert(action.addresses.length > 0 && action.addresses.length <= 50);
        return;
      case "verifyPiece":
        assert(!this.swarm.have.has(action.index), "a piece is verified once");
        assert(!this.#hashing.has(action.index), "a piece is verified once");
        assert(this.swarm.wanted.has(action.index), "a piece is wanted");
        assertEquals(
          action.bytes.length,
          this.#geometry.pieceLengthAt(action.index),
        );
        this.#hashing.set(action.index, action.bytes);
        return;
      case "disconnect":
        assert(this.#accounts.delete(action.peer), "it was connected");
        assert(
          !this.swarm.peers.has(action.peer),
          "the swarm has forgotten it",
        );
        return;
      case "ban":
        assert(!this.#banned.has(action.hostname), "a host is banned once");
        this.#banned.add(action.hostname);
        return;
      case "completed":
        assert(this.swarm.isDone, "completed means every wanted piece");
        for (const index of this.swarm.wanted.indexes()) {
          assert(this.swarm.have.has(index), "a wanted piece is there");
        }
        assertEquals(++this.#completedCount, 1, "completed is emitted once");
        return;
      default:
        action satisfies never;
    }
  }

  #noteSent(account: Account, message: ControlMessage): void {
    switch (message.type) {
      case "choke":
      case "unchoke":
        assertEquals(account.weChoke, message.type === "unchoke", "a change");
        account.weChoke = message.type === "choke";
        return;
      case "interested":
      case "notInterested":
        assertEquals(
          account.weAreInterested,
          message.type === "notInterested",
          "a change",
        );
        account.weAreInterested = message.type === "interested";
        return;
      case "request": {
        assert(
          !account.peerChokes || account.allowed.has(message.index),
          "only allowed pieces are requested while choked",
        );
        assert(
          !this.swarm.have.has(message.index),
          "no verified piece is requested",
        );
        const { index, offsetInPiece, length } = message;
        const end = offsetInPiece + length;
        assert(this.#geometry.contains(index, offsetInPiece, length));
        const isWhole = end % BLOCK_SIZE === 0 ||
          end === this.#geometry.pieceLengthAt(index);
        assert(offsetInPiece % BLOCK_SIZE === 0 && isWhole, "whole blocks");
        for (const name of namesOf(message)) {
          assert(!account.requested.has(name), "a block is outstanding once");
          account.requested.add(name);
        }
        return;
      }
      case "cancel":
        for (const name of namesOf(message)) {
          assert(account.requested.delete(name), "it was outstanding");
          if (account.isFast) account.cancelled.add(name);
        }
        return;
      case "reject":
        assert(account.isFast, "it needs the fast extension");
        account.unansweredBytes -= message.length;
        return;
      case "allowedFast":
        assert(account.isFast, "it needs the fast extension");
        assert(account.weChoke, "a peer with a slot needs no offer");
        account.offered.add(message.index);
        return;
      case "haveAll":
        assert(account.isFast && this.swarm.have.isFull);
        return;
      case "haveNone":
        // A super-seeder has all and says none.
        assert(account.isFast);
        assert(this.swarm.have.count === 0 || this.swarm.have.isFull);
        return;
      case "have":
        assert(this.swarm.have.has(message.index), "a have is true");
        assert(!account.announced.has(message.index), "a have is sent once");
        account.announced.add(message.index);
        return;
      case "bitfield":
        assertEquals(
          account.announced.size,
          0,
          "a bitfield is the first message",
        );
    }
  }

  /** A peer that was sent a request has no more outstanding than its window, and is asked for one block at a time unless it answers more. */
  #checkWindow(action: SwarmAction): void {
    if (action.type !== "send" || action.message.type !== "request") return;
    const peer = this.swarm.peers.get(action.peer);
    if (peer === undefined) return;
    const { requests } = peer.source;
    assert(requests.size <= requests.window.size);
    const { requestLength = BLOCK_SIZE } = peer.peer;
    const most = Math.min(MAX_REQUEST_LENGTH, requestLength);
    assert(action.message.length <= Math.max(most, BLOCK_SIZE));
    this.longestRequest = Math.max(this.longestRequest, action.message.length);
  }

  #checkState(): void {
    assertEquals(
      new Set(this.swarm.peers.keys()),
      new Set(this.#accounts.keys()),
    );
    for (const [key, { peer, source, upload }] of this.swarm.peers) {
      const account = this.#account(key);
      assertEquals(upload.weChoke, account.weChoke);
      assertEquals(source.peerChokes, account.peerChokes);
      assertEquals(source.weAreInterested, account.weAreInterested);
      assertEquals(upload.pendingBytes, account.bytesBeingServed);
      assertEquals(source.requests.size, account.requested.size);
      if (account.isFast) {
        // Every request has one answer, or waits for it.
        const queued = upload.queue.reduce((sum, it) => sum + it.length, 0);
        assertEquals(account.unansweredBytes, queued);
      } else if (source.peerChokes) {
        assertEquals(source.requests.size, 0);
      }
      assert(!this.#banned.has(peer.hostname));
      let wantedCount = 0;
      for (const index of source.pieces.indexes()) {
        const { have, wanted } = this.swarm;
        if (wanted.has(index) && !have.has(index)) wantedCount++;
      }
      assertEquals(source.wantedCount, wantedCount);
      assertEquals(source.weAreInterested, wantedCount > 0);
    }
  }

  #account(key: PeerKey): Account {
    const account = this.#accounts.get(key);
    assert(account !== undefined, `peer ${key} is connected`);
    return account;
  }
}

function namesOf({ index, offsetInPiece, length }: BlockRange): string[] {
  const names: string[] = [];
  for (let done = 0; done < length; done += BLOCK_SIZE) {
    const blockLength = Math.min(BLOCK_SIZE, length - done);
    names.push(`${index} ${offsetInPiece + done} ${blockLength}`);
  }
  return names;
}
