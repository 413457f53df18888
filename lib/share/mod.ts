/**
 * Shares: a tracker, the torrent files and a list of them on one port, and the
 * rollout of the hosts that fetch them.
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
  type HostAnnounce,
  Rollout,
  type RolloutOptions,
  type Verdict,
} from "./rollout.ts";
export {
  countStates,
  isVerified,
  ROLLOUT_STATES,
  type RolloutHost,
  type RolloutState,
} from "./host_state.ts";
export {
  type Clocks,
  type FinishDocument,
  formatReport,
  type HostDocument,
  type RolloutDocument,
  type SourceDocument,
  type VerdictDocument,
} from "./rollout_document.ts";
export {
  isSourceNeeded,
  type LightColor,
  type ShareSource,
  type SourceLight,
} from "./source_light.ts";
export { RolloutControl, type ShareSetting } from "./rollout_control.ts";
export { SharedLimit } from "./shared_limit.ts";
export {
  openFolderToken,
  readFolderToken,
  readToken,
} from "./control_token.ts";
export { type Finish } from "./forecast.ts";
export { type Expectation, readExpectation } from "./expectation.ts";
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
export { HostProbes } from "./slow_hosts.ts";
export { failureCode, type HostEvidence, type ReasonCode } from "./reason.ts";
export {
  type HostControl,
  type HostReport,
  isOver,
  type ReportedState,
} from "./host_report.ts";
