/**
 * `corrupt_peer.ts TORRENT`: a peer that says it has everything and sends zeros.
 * It speaks the protocol without a fault.
 */
import {
  Bitfield,
  loadTorrentFile,
  MemoryStorage,
  openSession,
} from "../../mod.ts";

const torrent = await loadTorrentFile(Deno.args[0]!);
const { length, pieceCount } = torrent.geometry;
await using session = openSession();
session.addTorrent(torrent, {
  storage: new MemoryStorage(length),
  have: Bitfield.full(pieceCount),
});
await new Promise(() => {});
