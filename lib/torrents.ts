/**
 * Torrents: files, magnet links, what is in them, and the values that everything else
 * uses.
 *
 * @module
 */
export {
  ContentChangedError,
  FetchError,
  ProtocolError,
  StorageError,
  StoreError,
  TrackerError,
} from "./base/errors.ts";
export {
  createPeerId,
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "./base/identifier.ts";
export {
  FdPressure,
  isDescriptorShortage,
  type ReleaseDescriptors,
} from "./base/fd_pressure.ts";
export {
  type AddressScope,
  addressScope,
  withoutBrackets,
} from "./base/ip_address.ts";
export { formatPeerAddress, type PeerAddress } from "./base/peer_address.ts";
export { type JoinedSignal, joinSignals } from "./base/join_signals.ts";
export type { Random } from "./base/random.ts";
export {
  type AddressFilterOptions,
  createAddressFilter,
  type Permits,
} from "./base/address_filter.ts";
export { Bitfield, type PeerPieces } from "./base/bitfield.ts";
export { VERSION } from "./base/version.ts";
export {
  cutName,
  displayName,
  readName,
  readUrl,
  readWord,
  requestedUrl,
  trimText,
} from "./base/clean_text.ts";
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
export { MetainfoError } from "./metainfo/metainfo_error.ts";
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
  type Platform,
  PLATFORM_NAMES,
  platformOf,
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
export { formatSize } from "./tracker/page/units.ts";
