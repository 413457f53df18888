/**
 * lanswarm as a library: everything that `lib/mod.ts` offers.
 *
 * @module
 */
export * from "./lib/mod.ts";
