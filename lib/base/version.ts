/**
 * The version. A test compares it with the one in `deno.json`.
 *
 * @module
 */

/** Version of lanswarm, as in `deno.json`. */
export const VERSION = "0.1.0";

/** Name and version, for `created by` in torrent files and for `User-Agent`. */
export const PRODUCT = `lanswarm/${VERSION}`;
