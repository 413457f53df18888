/**
 * What `--version` says: enough to tell one build from another on a machine where
 * there is nothing but the executable.
 *
 * @module
 */
import { VERSION } from "../mod.ts";

/** `lanswarm 0.1.0 (x86_64-unknown-linux-gnu, deno 2.4.2)`. */
export function versionLine(): string {
  return `lanswarm ${VERSION} (${Deno.build.target}, deno ${Deno.version.deno})`;
}
