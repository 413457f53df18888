/**
 * Machines that share, as others find, ask and command them.
 *
 * @module
 */
export { multicastRefusal } from "./discovery/multicast_socket.ts";
export {
  advertiseShares,
  type AdvertiseSharesOptions,
  findShares,
  resolveLocalName,
  type ResolveLocalNameOptions,
  type ShareAdvertiser,
} from "./discovery/dns_sd.ts";
export type { FindSharesOptions } from "./discovery/share_browser.ts";
export type { OwnShare, Share } from "./discovery/share_records.ts";
export * from "./share/control_token.ts";
export * from "./share/share_client.ts";
export { isVerified, type RolloutHost } from "./rollout/host_state.ts";
export type { HostDocument } from "./rollout/rollout_document.ts";
export { describeVerdict } from "./rollout/rollout_words.ts";
export { DEFAULT_TRACKER_PORT } from "./tracker/tracker_options.ts";
