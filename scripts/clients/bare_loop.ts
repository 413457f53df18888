/**
 * `bare_loop.ts TORRENT`: the work of a transfer without a protocol, and so the limit
 * of programs for Deno. With the torrent's only file in the current folder it sends
 * it over a connection; without, it receives, hashes and writes it.
 */
import { announce } from "../../lib/announce/tracker_client.ts";
import { createPeerId } from "../../lib/base/identifier.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import { sha1 } from "../../lib/disk/sha1.ts";
import { parseTorrent } from "../../lib/metainfo/parse_torrent.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";

/** As much as a peer sends and receives at once. */
const CHUNK_LENGTH = 256 * 1024;

async function main([torrentPath]: readonly string[]): Promise<void> {
  const bytes = await Deno.readFile(torrentPath!);
  const torrent = await parseTorrent(bytes, { sha1 });
  const [name] = torrent.files[0]!.path;
  const source = await Deno.open(name!).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (source !== undefined) return await send(torrent, source);
  using target = await Deno.open(name!, { write: true, createNew: true });
  await receive(torrent, target);
}

/** Joins the swarm; a leecher at port 0. Returns the address of a seeder. */
async function join(
  { announce: [tier], infoHash, geometry: { length } }: Torrent,
  port: number,
): Promise<PeerAddress | undefined> {
  const { peers } = await announce(tier![0]!, {
    ...{ infoHash, port, peerId: createPeerId(Math.random) },
    ...{ uploaded: 0, downloaded: 0, left: port === 0 ? length : 0 },
    ...{ event: "started", numwant: 2, key: undefined },
  });
  return peers.find((peer) => peer.port > 0);
}

async function send(torrent: Torrent, source: Deno.FsFile): Promise<void> {
  using listener = Deno.listen({ port: 0 });
  await join(torrent, listener.addr.port);
  using connection = await listener.accept();
  const chunk = new Uint8Array(CHUNK_LENGTH);
  for (;;) {
    const length = await source.read(chunk);
    if (length === null) break;
    for (let sent = 0; sent < length;) {
      sent += await connection.write(chunk.subarray(sent, length));
    }
  }
  await untilClosed(connection);
}

async function receive(torrent: Torrent, target: Deno.FsFile): Promise<void> {
  const seeder = await join(torrent, 0);
  using connection = await Deno.connect(seeder!);
  const { geometry, pieceHashes } = torrent;
  const buffer = new Uint8Array(geometry.pieceLength);
  for (let index = 0; index < geometry.pieceCount; index++) {
    const piece = buffer.subarray(0, geometry.pieceLengthAt(index));
    for (let received = 0; received < piece.length;) {
      const end = received + CHUNK_LENGTH;
      const length = await connection.read(piece.subarray(received, end));
      if (length === null) throw new Error("Cannot receive: it hung up");
      received += length;
    }
    const expected = pieceHashes.subarray(20 * index, 20 * index + 20);
    if (sha1(piece).some((byte, place) => byte !== expected[place])) {
      throw new Error(`Cannot receive: piece ${index} is corrupt`);
    }
    for (let written = 0; written < piece.length;) {
      written += await target.write(piece.subarray(written));
    }
  }
  await Deno.stdout.write(new TextEncoder().encode("complete\n"));
  await untilClosed(connection);
}

/** Keeps the process, whose usage is read when the other one is complete too. */
async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  await connection.read(new Uint8Array(1));
}

if (import.meta.main) await main(Deno.args);
