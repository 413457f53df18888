/**
 * Shares: a tracker, the torrent files and a list of them on one port, and the
 * clients of such a machine.
 *
 * @module
 */
export { SHARE_PORT_COUNT, startShareServer } from "./start_share_server.ts";
export type { ShareServer, ShareServerOptions } from "./share_server.ts";
export { type SharedTorrent } from "./share_routes.ts";
export {
  type ExecutableFile,
  ExecutableFolder,
  type ExecutableFolderOptions,
  executablesOf,
} from "./executables.ts";
export {
  type JoinLine,
  joinLines,
  type OfferedExecutable,
  shortHost,
} from "./join_script.ts";
export {
  type ListedShare,
  parseShareListing,
  type ShareListing,
  shareTrackers,
} from "./share_listing.ts";
export { type DownloadRoom, freeLength, measureRoom } from "./check_room.ts";
export {
  type PreparedShare,
  prepareShare,
  type PrepareShareOptions,
  readShare,
} from "./share_torrent.ts";
export {
  openFolderToken,
  readFolderToken,
  readToken,
} from "./control_token.ts";
export {
  type CommandedShare,
  commandShares,
  fetchRollout,
  fetchRollouts,
  fetchShares,
  type FetchSharesOptions,
  ReportSender,
  resolveShareHost,
  type RolloutSummary,
  type SendReportOptions,
  type ShareCommand,
} from "./share_client.ts";
export { HostProbes } from "./host_probes.ts";
