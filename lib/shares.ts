/**
 * Shares: what a machine offers to a network, how others find it, and the hosts that
 * fetch it.
 *
 * @module
 */
export * from "./machines.ts";
export * from "./share/mod.ts";
export * from "./rollout/mod.ts";
