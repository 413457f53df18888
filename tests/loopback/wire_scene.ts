/**
 * A session with half of a torrent, so that it uploads and downloads, and a proper
 * peer that must be served whatever another peer does.
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

/** Ten pieces, the last one short: a bitfield of two bytes with six spare bits. */
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

/** A session with pieces 0 to 4, and a proper peer. */
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
    const witness = await connect(session, 0xee);
    return new Scene(session, share, witness);
  }

  get address(): PeerAddress {
    return addressOf(this.session);
  }

  /** Asserts that the proper peer is served. */
  async assertUnharmed(): Promise<void> {
    await assertServed(this.#witness);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#witness[Symbol.dispose]();
    await this.session[Symbol.asyncDispose]();
  }
}

/** Connects to a session and exchanges handshakes; without reserved bytes, as a peer that speaks BEP 3 alone. */
export async function connect(
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

/** Has the session dial and exchanges handshakes. */
export async function acceptDial(
  scene: Scene,
  idByte: number,
): Promise<RawPeer> {
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

/** Requests a block of piece 0 and asserts that it comes. */
export async function assertServed(peer: RawPeer): Promise<void> {
  const range = uint32(0, BLOCK, 100);
  await peer.write(INTERESTED, frame(ID.request, range));
  const payload = await peer.takeFrameOf(ID.piece);
  const content = SAMPLE.content.subarray(BLOCK, BLOCK + 100);
  assertEquals(payload, joined(uint32(0, BLOCK), content));
}
