/**
 * Trackers and the torrent files that they offer.
 *
 * @module
 */
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
export type {
  HostStats,
  SwarmStats,
  TorrentHostStats,
  TorrentStats,
  TrackerStats,
} from "./tracker/page/stats.ts";
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
