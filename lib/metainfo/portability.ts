/**
 * Which machines could not take a new torrent for its names. Says what is wrong,
 * touches nothing.
 *
 * @module
 */
import { quote } from "../base/errors.ts";
import { findPathFault, PathSet, type Platform } from "./safe_path.ts";

/** A path that keeps a torrent from a platform. */
export interface PortabilityFault {
  /** Components, the torrent's name first. */
  readonly path: readonly string[];
  /** What is wrong with it there: `"a:b" contains a character that Windows forbids`. */
  readonly reason: string;
}

/**
 * What keeps the peers of a platform from taking a torrent of these paths, each
 * with the torrent's name first, in their order.
 */
export function findPortabilityFaults(
  paths: readonly (readonly string[])[],
  platform: Platform,
): PortabilityFault[] {
  const names = new PathSet(platform);
  const faults: PortabilityFault[] = [];
  for (const path of paths) {
    const fault = findPathFault(path, platform);
    const collision = fault === undefined ? names.add(path) : undefined;
    if (fault !== undefined) faults.push({ path, reason: fault });
    else if (collision !== undefined) {
      faults.push({ path, reason: `${quote(path.join("/"))} ${collision}` });
    }
  }
  return faults;
}
