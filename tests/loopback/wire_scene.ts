/**
 * A session with half of a torrent, so that it gives and takes, and beside
 * whatever is done to it a peer that behaves and is to be served all the same.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  MemoryStorage,
  type PeerAddress,
  type Session,
  type SessionOptions,
} from "../../lib/mod.ts";
import { memoryTorrent } from "./memory_torrent.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  joined,
  peerIdOf,
  RawPeer,
  uint32,
} from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";

export const KIB = 1024;
export const BLOCK = 16 * KIB;
export const PIECE = 256 * KIB;

/** Ten pieces, the last one short: two bytes of bitfield with six spare bits. */
export const SAMPLE = await memoryTorrent({
  length: 9 * PIECE + 20_000,
  pieceLength: PIECE,
});
export const INFO_HASH = SAMPLE.torrent.infoHash;

/** Message ids. [BEP 3, 6, 10] */
export const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
} as const;

export const UNCHOKE = frame(ID.unchoke);
export const INTERESTED = frame(ID.interested);
export const KEEP_ALIVE = [0, 0, 0, 0];

/** A session that has pieces 0 to 4, and a peer that behaves. */
export class Scene implements AsyncDisposable {
  readonly session: Session;
  readonly share: Share;
  readonly #witness: RawPeer;

  private constructor(session: Session, share: Share, witness: RawPeer) {
    this.session = session;
    this.share = share;
    this.#witness = witness;
  }

  static async open(options: SessionOptions = {}): Promise<Scene> {
    const session = openLocalSession(options);
    const content = SAMPLE.content.slice();
    content.fill(0, 5 * PIECE);
    const storage = new MemoryStorage(content);
    const share = await Share.start(session, SAMPLE, storage);
    const witness = await greet(session, 0xee);
    return new Scene(session, share, witness);
  }

  get address(): PeerAddress {
    return addressOf(this.session);
  }

  /** The peer that behaves is served as if nothing had happened. */
  async assertUnharmed(): Promise<void> {
    await assertServed(this.#witness);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#witness[Symbol.dispose]();
    await this.session[Symbol.asyncDispose]();
  }
}

/** Calls a session and shakes hands; without reserved bytes, as who speaks BEP 3 alone. */
export async function greet(
  session: Session,
  idByte: number,
  reserved?: readonly number[],
): Promise<RawPeer> {
  const peer = await RawPeer.dial(addressOf(session));
  await peer.write(handshake(INFO_HASH, peerIdOf(idByte), reserved));
  assertEquals(
    await peer.takeHandshake(),
    handshake(INFO_HASH, session.peerId, EXTENSION_BITS),
  );
  return peer;
}

/** Is called by the session and shakes hands; it is the session that knows the address. */
export async function beCalled(scene: Scene, idByte: number): Promise<RawPeer> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  scene.share.transfer.addPeers([{ hostname: "127.0.0.1", port }]);
  const peer = new RawPeer(await listener.accept());
  assertEquals(
    await peer.takeHandshake(),
    handshake(INFO_HASH, scene.session.peerId, EXTENSION_BITS),
  );
  await peer.write(handshake(INFO_HASH, peerIdOf(idByte)));
  return peer;
}

/** The peer asks for a block of piece 0 and gets it. */
export async function assertServed(peer: RawPeer): Promise<void> {
  const asked = uint32(0, BLOCK, 100);
  await peer.write(INTERESTED, frame(ID.request, asked));
  // The request came before our unchoke was heard of, and still after it was sent.
  const payload = await peer.takeFrameOf(ID.piece);
  const content = SAMPLE.content.subarray(BLOCK, BLOCK + 100);
  assertEquals(payload, joined(uint32(0, BLOCK), content));
}
