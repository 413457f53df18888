/**
 * Shares: what a machine offers to a network, how others find it, and the hosts that
 * fetch it.
 *
 * @module
 */
export * from "./machines.ts";
export {
  SHARE_PORT_COUNT,
  startShareServer,
} from "./share/start_share_server.ts";
export type { ShareServer, ShareServerOptions } from "./share/share_server.ts";
export type { SharedTorrent } from "./share/share_routes.ts";
export { type ExecutableFile, ExecutableFolder } from "./share/executables.ts";
export {
  type JoinLine,
  joinLines,
  type OfferedExecutable,
  shortHost,
} from "./share/join_script.ts";
export {
  type ListedShare,
  type ShareListing,
  shareTrackers,
} from "./share/share_listing.ts";
export {
  type DownloadRoom,
  freeLength,
  measureRoom,
} from "./share/download_room.ts";
export {
  type PreparedShare,
  prepareShare,
  type PrepareShareOptions,
  readShare,
} from "./share/share_torrent.ts";
export { HostProbes } from "./share/host_probes.ts";
export {
  type HostAnnounce,
  Rollout,
  type RolloutOptions,
  type Verdict,
} from "./rollout/rollout.ts";
export {
  countStates,
  ROLLOUT_STATES,
  type RolloutState,
} from "./rollout/host_state.ts";
export {
  type Clocks,
  type FinishDocument,
  formatReport,
  type RolloutDocument,
  type SourceDocument,
  type VerdictDocument,
} from "./rollout/rollout_document.ts";
export type {
  LightColor,
  ShareSource,
  SourceLight,
} from "./rollout/rollout_share.ts";
export { describeFinish, describeLight } from "./rollout/rollout_words.ts";
export {
  RolloutControl,
  type ShareSetting,
} from "./rollout/rollout_control.ts";
export { SharedLimit } from "./rollout/shared_limit.ts";
export type { Finish } from "./rollout/forecast.ts";
export { type Expectation, readExpectation } from "./rollout/expectation.ts";
export {
  failureCode,
  type HostEvidence,
  REASON_CODES,
  type ReasonCode,
} from "./rollout/reason.ts";
export {
  type HostControl,
  type HostReport,
  isOver,
  REPORTED_STATES,
  type ReportedState,
} from "./rollout/host_report.ts";
