/**
 * Peers: sessions that share torrents, the storage of their content, and clients of trackers.
 *
 * @module
 */
export { openSession, PEER_PORT, Session } from "./peer/session.ts";
export type { SessionOptions } from "./peer/session_context.ts";
export type { TransferControl } from "./peer/pacer.ts";
export type { AddressSource } from "./dialing/address_book.ts";
export { MAX_PEERS } from "./dialing/dialer.ts";
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
export { KEEP_ALIVE_INTERVAL, type PieceChoice } from "./swarm/peer.ts";
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
export { withDescriptor } from "./disk/file_pool.ts";
export { readSavedTorrent, saveTorrent } from "./disk/own_folder.ts";
export {
  fetchTorrent,
  type FetchTorrentOptions,
} from "./catalogue/fetch_torrent.ts";
export {
  announce,
  scrape,
  TRACKER_TIMEOUT_MS,
  type TrackerClientOptions,
} from "./announce/tracker_client.ts";
export {
  type AnnounceFunction,
  Announcer,
  type AnnounceReport,
  type AnnouncerOptions,
} from "./announce/announcer.ts";
export {
  type LocalServiceDiscovery,
  type LocalServiceDiscoveryOptions,
  openLocalServiceDiscovery,
} from "./discovery/local_service_discovery.ts";
