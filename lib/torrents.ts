/**
 * Torrents: files, magnet links, and what is in them.
 *
 * @module
 */
export * from "./values.ts";
export {
  FdPressure,
  isDescriptorShortage,
  type ReleaseDescriptors,
} from "./base/fd_pressure.ts";
export type { Random } from "./base/random.ts";
export { Bitfield, type PeerPieces } from "./base/bitfield.ts";
export {
  buildTorrent,
  buildTorrentFile,
  type NewTorrent,
  type NewTorrentFile,
} from "./metainfo/build_torrent.ts";
export {
  BLOCK_SIZE,
  choosePieceLength,
  Geometry,
  PIECE_LENGTH,
} from "./metainfo/geometry.ts";
export {
  formatMagnetLink,
  isMagnetLink,
  type MagnetLink,
  magnetLinkOf,
  parseMagnetLink,
} from "./metainfo/magnet_link.ts";
export {
  type FileSelection,
  piecesInOrder,
  piecesOf,
  selectFiles,
} from "./metainfo/file_selection.ts";
export {
  parseTorrent,
  type ParseTorrentOptions,
} from "./metainfo/parse_torrent.ts";
export { type FileSpan, FileSpans } from "./metainfo/file_spans.ts";
export {
  isRegularFile,
  type Sha1,
  sizeOfFiles,
  type Torrent,
  type TorrentFile,
} from "./metainfo/torrent.ts";
export {
  findPortabilityFaults,
  foldFully,
  foldName,
  PLATFORM_NAMES,
  type PortabilityFault,
} from "./metainfo/safe_path.ts";
export { type PathGlob, readPathGlob } from "./metainfo/path_glob.ts";
export { torrentPath } from "./catalogue/torrent_links.ts";
export { loadTorrentFile } from "./disk/torrent_file.ts";
export { sha1 } from "./disk/sha1.ts";
export {
  type HashedPiece,
  openWorkerHasher,
  type PieceHasher,
  type PieceTarget,
  type WorkerHasher,
  type WorkerHasherOptions,
} from "./disk/worker_hasher.ts";
