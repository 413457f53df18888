/**
 * Shares: a tracker, the torrent files and a list of them on one port, and the
 * clients of such a machine.
 *
 * @module
 */
export * from "./start_share_server.ts";
export type { ShareServer, ShareServerOptions } from "./share_server.ts";
export type { SharedTorrent } from "./share_routes.ts";
export * from "./executables.ts";
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
export * from "./download_room.ts";
export * from "./share_torrent.ts";
export * from "./control_token.ts";
export * from "./share_client.ts";
export * from "./host_probes.ts";
