/**
 * Seeders played by hand, good and bad: they listen, take our call, show
 * everything and answer requests as a test has it.
 *
 * @module
 */
import { pause } from "../../lib/peer/pacer.ts";
import type { PeerAddress } from "../../lib/mod.ts";
import type { MemoryTorrent } from "./memory_torrent.ts";
import { frame, handshake, joined, peerIdOf, RawPeer } from "./raw_peer.ts";

const ID = { unchoke: 1, bitfield: 5, request: 6, piece: 7 } as const;

/** How long it waits to be asked, in milliseconds. */
const PATIENCE_MS = 120_000;

/** What a seeder does. */
export interface RawSeederOptions {
  readonly sample: MemoryTorrent;
  /** Where it listens. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** Another for each. */
  readonly idByte: number;
  /** Before each answer, in milliseconds. @default {0} */
  readonly pauseMs?: number;
  /** Whether it sends a block wrong. @default {never} */
  readonly isWrong?: (block: { index: number; offset: number }) => boolean;
  /** What it does instead of that when it is asked. */
  readonly answer?: Answer;
  /** The reserved bytes of its handshake. @default {those of who speaks BEP 3 alone} */
  readonly reserved?: readonly number[];
}

/** Answers a request; `block` is what a piece message holds: where it belongs, and its content. */
export type Answer = (
  peer: RawPeer,
  block: Uint8Array,
  signal: AbortSignal,
) => Promise<void>;

/** Takes one call after another and serves until disposed of. */
export class RawSeeder implements AsyncDisposable {
  readonly address: PeerAddress;
  /** Blocks asked of it so far. */
  requestCount = 0;
  /** Calls that it took. */
  callCount = 0;
  readonly #options: RawSeederOptions;
  readonly #listener: Deno.TcpListener;
  readonly #peers = new Set<RawPeer>();
  readonly #accepting: Promise<void>;
  readonly #serving = new Set<Promise<void>>();
  readonly #ending = new AbortController();

  constructor(options: RawSeederOptions) {
    const { hostname = "127.0.0.1" } = options;
    this.#options = options;
    this.#listener = Deno.listen({ hostname, port: 0 });
    const { port } = this.#listener.addr as Deno.NetAddr;
    this.address = { hostname, port };
    this.#accepting = this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#listener.close();
    await this.#accepting;
    for (const peer of this.#peers) peer[Symbol.dispose]();
    this.#peers.clear();
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for (;;) {
      let connection: Deno.TcpConn;
      try {
        connection = await this.#listener.accept();
      } catch {
        // It was closed.
        return;
      }
      this.callCount++;
      const peer = new RawPeer(connection, PATIENCE_MS);
      this.#peers.add(peer);
      const serving = this.#serve(peer).finally(() => {
        this.#serving.delete(serving);
        if (this.#peers.delete(peer)) peer[Symbol.dispose]();
      });
      this.#serving.add(serving);
    }
  }

  async #serve(peer: RawPeer): Promise<void> {
    const { sample, idByte, pauseMs = 0, answer, reserved } = this.#options;
    const { signal } = this.#ending;
    const { infoHash, geometry } = sample.torrent;
    if (await peer.takeHandshake() === undefined) return;
    const pieces = new Uint8Array(Math.ceil(geometry.pieceCount / 8)).fill(255);
    const spare = pieces.length * 8 - geometry.pieceCount;
    pieces[pieces.length - 1] = 255 << spare & 255;
    await peer.write(
      handshake(infoHash, peerIdOf(idByte), reserved),
      frame(ID.bitfield, pieces),
      frame(ID.unchoke),
    );
    for (;;) {
      const asked = await peer.takeFrameOf(ID.request);
      if (asked === undefined || signal.aborted) return;
      this.requestCount++;
      const block = this.#block(asked);
      if (pauseMs > 0) await pause(pauseMs, signal);
      if (answer !== undefined) await answer(peer, block, signal);
      else await peer.write(frame(ID.piece, block));
    }
  }

  /** Where the block belongs and the block itself, as a piece message has it. */
  #block(asked: Uint8Array): Uint8Array {
    const { sample, isWrong } = this.#options;
    const view = new DataView(asked.buffer, asked.byteOffset);
    const [index, offset] = [view.getUint32(0), view.getUint32(4)];
    const start = sample.torrent.geometry.pieceOffset(index) + offset;
    const content = sample.content.slice(start, start + view.getUint32(8));
    if (isWrong?.({ index, offset })) content[0]! ^= 1;
    return joined(asked.subarray(0, 8), content);
  }
}
