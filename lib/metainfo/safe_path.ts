/**
 * Which paths of a torrent may become paths on a disk. A path that passes stays
 * below its folder on the platform asked for, and no two files of a torrent meet
 * in one place. Says what is wrong, touches nothing.
 *
 * @module
 */
import { quote } from "../base/errors.ts";

/** Where the files will lie: `Deno.build.os`, reduced to what changes the rules. */
export type Platform = "linux" | "darwin" | "windows";

/** Longest file name of the usual file systems, in bytes of UTF-8. */
const MAX_COMPONENT_BYTES = 255;

/** Deepest path; bounds the work that a hostile torrent can ask for. */
const MAX_COMPONENTS = 64;

/** Longest path below the download folder, in bytes: what Linux takes at most. */
const MAX_PATH_BYTES = 4096;

// "CON" and the rest are devices in any folder, with any extension and with
// spaces before it.
const WINDOWS_RESERVED =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i;
const WINDOWS_FORBIDDEN = /[<>:"/\\|?*]|\p{Cc}/u;

const encoder = new TextEncoder();

/** Reduces `Deno.build.os` to a {@linkcode Platform}; other systems are like Linux. */
export function platformOf(os: string): Platform {
  return os === "windows" || os === "darwin" ? os : "linux";
}

/** How people call a platform. */
export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  linux: "Linux",
  darwin: "macOS",
  windows: "Windows",
};

/** What a platform's usual file system does not tell apart in names. */
const IGNORED: Readonly<Record<Platform, string>> = {
  linux: "nothing",
  darwin: "case and the way accents are written",
  windows: "case",
};

/**
 * What makes one path component unsafe; `undefined` if nothing does. What climbs
 * or is absolute on one platform is refused on all, as a torrent is for all.
 */
export function findComponentFault(
  component: string,
  platform: Platform,
): string | undefined {
  if (component === "") return "is empty";
  if (component === ".") return 'is "."';
  if (component.split(/[/\\]/).includes("..")) return 'contains ".."';
  if (/^[/\\]/.test(component)) return "is absolute";
  if (/^[A-Za-z]:/.test(component)) return "begins with a drive letter";
  if (component.includes("\0")) return "contains a NUL character";
  if (component.includes("/")) return "contains a path separator";
  if (encoder.encode(component).length > MAX_COMPONENT_BYTES) {
    return `is longer than ${MAX_COMPONENT_BYTES} bytes`;
  }
  return platform === "windows" ? findWindowsFault(component) : undefined;
}

/** What makes a path unsafe, the first fault of its components included. */
export function findPathFault(
  path: readonly string[],
  platform: Platform,
): string | undefined {
  if (path.length === 0) return "is empty";
  if (path.length > MAX_COMPONENTS) {
    return `has more than ${MAX_COMPONENTS} components`;
  }
  const length = encoder.encode(path.join("/")).length;
  if (length > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  for (const component of path) {
    const fault = findComponentFault(component, platform);
    if (fault !== undefined) return `${quote(component)} ${fault}`;
  }
  return undefined;
}

/**
 * One spelling for the names or paths that a platform's usual file system takes
 * as equal.
 */
export function foldName(name: string, platform: Platform): string {
  switch (platform) {
    case "linux":
      return name;
    case "darwin":
      return foldCase(name.normalize("NFD"));
    case "windows":
      return foldCase(name);
    default:
      return platform satisfies never;
  }
}

/** The paths of one torrent as they are added, watched for two that meet. */
export class PathSet {
  readonly #platform: Platform;
  /** Files by folded path, with the path as it was given. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Set<string>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Adds a file's path; what it collides with, or `undefined`. */
  add(path: readonly string[]): string | undefined {
    let key = "";
    const folders: string[] = [];
    for (const component of path) {
      if (key !== "") folders.push(key);
      // No component holds a slash, so the join is as good as the list.
      key += `/${foldName(component, this.#platform)}`;
    }
    const spelling = path.join("/");
    const other = this.#files.get(key);
    if (other === spelling) return "is the path of another file";
    if (other !== undefined) {
      const name = PLATFORM_NAMES[this.#platform];
      return `is the same as ${quote(other)} on ${name}, which ignores ${
        IGNORED[this.#platform]
      }`;
    }
    if (this.#folders.has(key)) return "is the folder of another file";
    for (const folder of folders) {
      if (this.#files.has(folder)) return "lies in another file";
      this.#folders.add(folder);
    }
    this.#files.set(key, spelling);
    return undefined;
  }
}

/**
 * Letter by letter and to capitals, as NTFS does: `ς` and `σ` are one, `ß` and
 * `ss` are not. The dotless `ı` would become `I`, which no file system does.
 */
function foldCase(name: string): string {
  // Most names; a tenth of the time.
  if (/^[ -~]*$/.test(name)) return name.toUpperCase();
  return name.replace(/\P{Lu}/gu, (letter) => {
    const capital = letter.toUpperCase();
    return capital.length === letter.length && letter !== "ı"
      ? capital
      : letter;
  });
}

function findWindowsFault(component: string): string | undefined {
  if (WINDOWS_RESERVED.test(component)) return "is a device name on Windows";
  if (WINDOWS_FORBIDDEN.test(component)) {
    return "contains a character that Windows forbids";
  }
  if (/[. ]$/.test(component)) {
    return "ends in a dot or space, which Windows drops";
  }
  return undefined;
}
