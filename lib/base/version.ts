/**
 * The one place in the code that names the version; a test holds it equal to
 * the one in `deno.json`.
 *
 * @module
 */

/** Version of lanswarm, as in `deno.json`. */
export const VERSION = "0.1.0";

/** How the project signs what it makes: `created by` of a torrent, `User-Agent`. */
export const PRODUCT = `lanswarm/${VERSION}`;
