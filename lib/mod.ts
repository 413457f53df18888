/**
 * The public face of the library. Importing it asks for no permission; run as a
 * program it asks a tracker and prints the answer, with the network alone:
 *
 * ```sh
 * deno run -N lib/mod.ts scrape http://192.168.1.100:8000/announce
 * ```
 *
 * @module
 */
import { runTrackerCommand } from "./tracker_command.ts";

// Values
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

// Tracker: run one, ask one
export { startTracker } from "./tracker/start_tracker.ts";
export type {
  RunningTracker,
  StartTrackerOptions,
} from "./tracker/tracker_options.ts";
export {
  DEFAULT_TRACKER_PORT,
  TrackerStartError,
} from "./tracker/tracker_options.ts";
export {
  announce,
  scrape,
  TRACKER_TIMEOUT_MS,
  type TrackerClientOptions,
} from "./announce/tracker_client.ts";
export {
  ANNOUNCE_INTERVAL,
  type AnnounceEvent,
  type AnnounceReply,
  type AnnounceRequest,
  createAnnounceKey,
  DEFAULT_NUMWANT,
  PEER_TIMEOUT,
  type ScrapeEntry,
  type TransferProgress,
  UNKNOWN_LEFT,
} from "./announce/announce.ts";
export type {
  AcceptedAnnounce,
  AnnounceOutcome,
  OpenStoreOptions,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  PickedPeers,
  StoreEvent,
  StoreListener,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./tracker/store/peer_store.ts";
export { MIN_ANNOUNCE_INTERVAL_MS } from "./tracker/tracker.ts";
export type { AnnounceEntry } from "./tracker/tracker.ts";
export {
  openStore,
  parseStoreAddress,
  type StoreAddress,
} from "./tracker/store/open_store.ts";
export type { RedisAddress } from "./tracker/store/redis_connection.ts";
export type { HostState } from "./tracker/page/host.ts";
export { formatSize } from "./tracker/page/units.ts";
export type {
  HostStats,
  SwarmStats,
  TorrentHostStats,
  TorrentStats,
  TrackerStats,
} from "./tracker/page/stats.ts";
export {
  type AnnounceFunction,
  Announcer,
  type AnnounceReport,
  type AnnouncerOptions,
} from "./announce/announcer.ts";

// Discovery: find shares and peers on the local network
export { multicastRefusal } from "./discovery/multicast_socket.ts";
export {
  advertiseShares,
  type AdvertiseSharesOptions,
  findShares,
  type FindSharesOptions,
  resolveLocalName,
  type ResolveLocalNameOptions,
  type ShareAdvertiser,
} from "./discovery/dns_sd.ts";
export type { OwnShare, Share } from "./discovery/share_records.ts";
export {
  type LocalServiceDiscovery,
  type LocalServiceDiscoveryOptions,
  openLocalServiceDiscovery,
} from "./discovery/local_service_discovery.ts";

// Peers: share torrents
export {
  openSession,
  PEER_PORT,
  Session,
  type SessionOptions,
} from "./peer/session.ts";
export type { TransferControl } from "./peer/pacer.ts";
export type { AddressSource } from "./dialing/address_book.ts";
export { MAX_PEERS } from "./dialing/dialer.ts";
export type { PieceChoice } from "./swarm/swarm.ts";
export {
  TorrentSession,
  type TorrentSessionOptions,
} from "./peer/torrent_session.ts";
export type { TransferLoad } from "./peer/piece_store.ts";
export type {
  FetchMetadataOptions,
  MagnetEvent,
  PeerSnapshot,
  SessionEvent,
  TorrentSnapshot,
} from "./peer/session_report.ts";
export { KEEP_ALIVE_INTERVAL } from "./swarm/peer.ts";
export { Bitfield, type PeerPieces } from "./base/bitfield.ts";
export {
  type ByteRange,
  type ContentFiles,
  type LendPlace,
  type LentPlace,
  MemoryStorage,
  type Storage,
} from "./disk/storage.ts";
export {
  type FileStorage,
  type FileStorageOptions,
  openFileStorage,
} from "./disk/file_storage.ts";
export type { FileStamp } from "./files/file_system.ts";
export type { KnownPieces, ResumeRecord } from "./disk/resume_record.ts";
export { findStateFolder, openRecordSecret } from "./disk/record_secret.ts";
export {
  type FolderLock,
  lockFolder,
  type LockOptions,
  LockOwners,
} from "./disk/folder_lock.ts";
export type { CopyReason } from "./disk/old_file.ts";
export type { TakenFiles, TakeOldFilesOptions } from "./disk/old_files.ts";
export {
  openTorrentContent,
  TorrentContent,
  type TorrentContentOptions,
} from "./disk/torrent_content.ts";
export {
  type VerifyProgress,
  verifyStorage,
  type VerifyStorageOptions,
} from "./disk/hash_content.ts";

// Shares: a tracker, the torrent files and a list of them on one port
export * from "./share/mod.ts";

// Rollouts: the hosts that fetch the shares, each with its state
export * from "./rollout/mod.ts";

// Torrents
export { VERSION } from "./base/version.ts";
export { sha1 } from "./disk/sha1.ts";
export {
  type HashedPiece,
  openWorkerHasher,
  type PieceHasher,
  type PieceTarget,
  type WorkerHasher,
  type WorkerHasherOptions,
} from "./disk/worker_hasher.ts";
export {
  checkPieceLength,
  type CreatedTorrent,
  createTorrent,
  type CreateTorrentOptions,
  type CreateTorrentPlan,
  type CreateTorrentProgress,
} from "./source/create_torrent.ts";
export {
  checkAbsent,
  checkWritable,
  saveTorrentFile,
  type SaveTorrentFileOptions,
} from "./source/save_torrent_file.ts";
export { loadTorrentFile } from "./disk/torrent_file.ts";
export { withDescriptor } from "./disk/file_pool.ts";
export { readSavedTorrent, saveTorrent } from "./disk/own_folder.ts";
export {
  fetchTorrent,
  type FetchTorrentOptions,
} from "./catalogue/fetch_torrent.ts";
export { MemoryCatalogue } from "./catalogue/memory_catalogue.ts";
export type {
  ListedTorrent,
  TorrentCatalogue,
} from "./catalogue/torrent_catalogue.ts";
export {
  openTorrentFolder,
  TorrentFolder,
  type TorrentFolderChange,
  type TorrentFolderOptions,
} from "./catalogue/torrent_folder.ts";
export { torrentPath } from "./catalogue/torrent_links.ts";
export {
  buildTorrent,
  buildTorrentFile,
  type NewTorrent,
  type NewTorrentFile,
} from "./metainfo/build_torrent.ts";
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
export {
  checkContent,
  type CheckContentOptions,
  type CheckedContent,
  type CheckedFile,
} from "./source/check_content.ts";
export { removeExtraFiles } from "./source/extra_files.ts";
export type { FileState } from "./source/file_states.ts";
export { checkSource } from "./source/source.ts";
export type {
  LostProperties,
  ScanSourceOptions,
} from "./source/walk_source.ts";

// Without a top-level await, which would make every importer wait.
if (import.meta.main) runTrackerCommand(Deno.args).then(Deno.exit);
