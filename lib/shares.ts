/**
 * Shares: what a machine offers to a network, how others find it, and the hosts that
 * fetch it.
 *
 * @module
 */
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
export * from "./share/mod.ts";
export * from "./rollout/mod.ts";
