/**
 * Rollouts: the hosts that fetch the shares of a machine, each with its state.
 *
 * @module
 */
export * from "./rollout.ts";
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
export {
  describeFinish,
  describeLight,
  describeVerdict,
} from "./rollout_words.ts";
export { RolloutControl, type ShareSetting } from "./rollout_control.ts";
export * from "./shared_limit.ts";
export { type Finish } from "./forecast.ts";
export { type Expectation, readExpectation } from "./expectation.ts";
export { failureCode, type HostEvidence, type ReasonCode } from "./reason.ts";
export {
  type HostControl,
  type HostReport,
  isOver,
  type ReportedState,
} from "./host_report.ts";
