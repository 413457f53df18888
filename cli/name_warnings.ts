/**
 * What `create` warns of: names that machines of another kind cannot hold. Pure.
 *
 * @module
 */
import {
  findPortabilityFaults,
  type Platform,
  PLATFORM_NAMES,
} from "../mod.ts";

const PLATFORMS: readonly Platform[] = ["windows", "darwin"];

/**
 * A line for each platform whose peers would refuse a torrent of these paths,
 * each with the torrent's name first.
 */
export function findNameWarnings(
  paths: readonly (readonly string[])[],
): string[] {
  return PLATFORMS.flatMap((platform) => {
    const [first, ...others] = findPortabilityFaults(paths, platform);
    if (first === undefined) return [];
    const count = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return [
      `${
        PLATFORM_NAMES[platform]
      } cannot take this torrent: ${first.reason}${count}; give other names if such machines are to fetch it`,
    ];
  });
}
