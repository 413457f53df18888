/**
 * Seeders on plain sockets, good and bad: they accept connections, have all pieces
 * and answer requests as a test says.
 */
import { pause } from "../../lib/peer/pacer.ts";
import type { PeerAddress } from "../../lib/mod.ts";
import type { MemoryTorrent } from "./memory_torrent.ts";
import { frame, handshake, joined, peerIdOf, RawPeer } from "./raw_peer.ts";

const ID = { unchoke: 1, bitfield: 5, request: 6, piece: 7 } as const;

/** Time for the next request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 120_000;

export interface RawSeederOptions {
  readonly sample: MemoryTorrent;
  /** The address to listen on. @default {"127.0.0.1"} */
  readonly hostname?: string;
  readonly idByte: number;
  /** Delay before each answer, in milliseconds. @default {0} */
  readonly pauseMs?: number;
  /** True for a block that it sends wrong. @default {never} */
  readonly isWrong?: (block: { index: number; offset: number }) => boolean;
  /** Answers requests in place of the default. */
  readonly answer?: Answer;
  /** The reserved bytes of its handshake. @default {BEP 3 alone} */
  readonly reserved?: readonly number[];
}

/** Answers a request; `block` is the payload of a piece message: index, offset and content. */
export type Answer = (
  peer: RawPeer,
  block: Uint8Array,
  signal: AbortSignal,
) => Promise<void>;

/** Accepts connections and serves them until disposed of. */
export class RawSeeder implements AsyncDisposable {
  readonly address: PeerAddress;
  /** Blocks requested so far. */
  requestCount = 0;
  /** Connections accepted so far. */
  connectionCount = 0;
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
        // The listener is closed.
        return;
      }
      this.connectionCount++;
      const peer = new RawPeer(connection, REQUEST_TIMEOUT_MS);
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
      const request = await peer.takeFrameOf(ID.request);
      if (request === undefined || signal.aborted) return;
      this.requestCount++;
      const block = this.#block(request);
      if (pauseMs > 0) await pause(pauseMs, signal);
      if (answer !== undefined) await answer(peer, block, signal);
      else await peer.write(frame(ID.piece, block));
    }
  }

  /** The payload of the piece message for a request. */
  #block(request: Uint8Array): Uint8Array {
    const { sample, isWrong } = this.#options;
    const view = new DataView(request.buffer, request.byteOffset);
    const [index, offset] = [view.getUint32(0), view.getUint32(4)];
    const start = sample.torrent.geometry.pieceOffset(index) + offset;
    const content = sample.content.slice(start, start + view.getUint32(8));
    if (isWrong?.({ index, offset })) content[0]! ^= 1;
    return joined(request.subarray(0, 8), content);
  }
}
