/**
 * Torrents as a session describes them, made up for the tests of what is shown.
 */
import {
  Geometry,
  type InfoHash,
  type PeerSnapshot,
  type Torrent,
  type TorrentSnapshot,
} from "../../../mod.ts";
import stringWidth from "string-width";
import type { Room } from "../../../cli/console.ts";
import { PLAIN_TORRENT } from "../disk/sample_torrent.ts";

export const MIB = 1024 * 1024;

export function room(columns: number, rows = 24): Room {
  return { columns, rows, widthOf: stringWidth };
}

/** A peer that moves nothing, but for what is given. */
export function peer(given: Partial<PeerSnapshot> = {}): PeerSnapshot {
  return {
    address: { hostname: "192.168.1.7", port: 6881 },
    isOutgoing: true,
    client: undefined,
    isSeeder: false,
    pieceCount: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    weChoke: false,
    weAreInterested: true,
    peerChokes: false,
    peerIsInterested: false,
    ...given,
  };
}

/** A hundred mebibytes in 400 pieces, half of them here, but for what is given. */
export function snapshot(
  given: Partial<TorrentSnapshot> = {},
): TorrentSnapshot {
  return {
    state: "downloading",
    isPaused: false,
    name: "film.mkv",
    length: 100 * MIB,
    verifiedLength: 50 * MIB,
    pieceCount: 400,
    verifiedPieceCount: 200,
    downloadedBytes: 50 * MIB,
    wastedBytes: 0,
    uploadedBytes: 0,
    downloadBytesPerSecond: 10 * MIB,
    uploadBytesPerSecond: 0,
    peers: [peer({ isSeeder: true }), peer()],
    ...given,
  };
}

/** The torrent that {@linkcode snapshot} describes. */
export const TORRENT: Torrent = {
  ...PLAIN_TORRENT,
  infoHash: "ab".repeat(20) as InfoHash,
  name: "film.mkv",
  isFolder: false,
  files: [{ path: ["film.mkv"], length: 100 * MIB, isPadding: false }],
  geometry: new Geometry(100 * MIB, 262_144),
  pieceHashes: new Uint8Array(400 * 20),
  announce: [["http://192.168.1.100:8000/announce"]],
};
