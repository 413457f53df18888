/**
 * Decides if the paths of a torrent are safe on a disk. A path that passes stays
 * below its folder on the given platform, and no two files of a torrent collide.
 *
 * @module
 */
import { quote } from "../base/errors.ts";

/** A system with path rules of its own, from `Deno.build.os`. */
export type Platform = "linux" | "darwin" | "windows";

/** Longest file name on common file systems, in bytes of UTF-8. */
const MAX_COMPONENT_BYTES = 255;

/** Most components of a path; bounds the work that a hostile torrent can cause. */
const MAX_COMPONENTS = 64;

/** Longest path below the download folder, in bytes: the limit of Linux. */
const MAX_PATH_BYTES = 4096;

// These names are devices in every folder, with any extension and with spaces
// before it.
const WINDOWS_RESERVED =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i;
const WINDOWS_FORBIDDEN = /[<>:"/\\|?*]|\p{Cc}/u;

const encoder = new TextEncoder();

/** Reduces `Deno.build.os` to a {@linkcode Platform}; other systems are like Linux. */
export function platformOf(os: string): Platform {
  return os === "windows" || os === "darwin" ? os : "linux";
}

/** Names of the platforms for people. */
export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  linux: "Linux",
  darwin: "macOS",
  windows: "Windows",
};

/** Differences between names that a platform's usual file system ignores. */
const IGNORED: Readonly<Record<Platform, string>> = {
  linux: "nothing",
  darwin: "case and the way accents are written",
  windows: "case",
};

/**
 * The fault that makes a path component unsafe; `undefined` if it is safe. A
 * component that leaves its folder on one platform is unsafe on all, as a torrent
 * is for all.
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
  if (isLongerThan(MAX_COMPONENT_BYTES, component)) {
    return `is longer than ${MAX_COMPONENT_BYTES} bytes`;
  }
  return platform === "windows" ? findWindowsFault(component) : undefined;
}

/** The first fault of a path or of its components; `undefined` if it is safe. */
export function findPathFault(
  path: readonly string[],
  platform: Platform,
): string | undefined {
  if (path.length === 0) return "is empty";
  if (path.length > MAX_COMPONENTS) {
    return `has more than ${MAX_COMPONENTS} components`;
  }
  if (isLongerThan(MAX_PATH_BYTES, path.join("/"))) {
    return `is longer than ${MAX_PATH_BYTES} bytes`;
  }
  for (const component of path) {
    const fault = findComponentFault(component, platform);
    if (fault !== undefined) return `${quote(component)} ${fault}`;
  }
  return undefined;
}

/** True if a text has more bytes of UTF-8, which has at most three for each unit of UTF-16. */
function isLongerThan(maxBytes: number, text: string): boolean {
  return text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes;
}

/** One spelling for all names or paths that are equal on a platform's usual file system. */
export function foldName(name: string, platform: Platform): string {
  if (platform === "linux") return name;
  return foldCase(platform === "darwin" ? name.normalize("NFD") : name);
}

/**
 * One spelling for all names that any file system takes for one: it ignores case,
 * the way accents and compatible characters are written, invisible characters, and
 * dots and blanks at the end.
 */
export function foldFully(name: string): string {
  // Most names, in a tenth of the time.
  if (/^[ -~]*[!-\-/-~]$/.test(name)) return name.toUpperCase();
  return name.normalize("NFKD")
    .replace(/\p{Default_Ignorable_Code_Point}|\p{Cf}/gu, "")
    .toLowerCase().toUpperCase().normalize("NFKD").replace(/[. ]+$/, "");
}

/** The paths of one torrent; finds collisions as they are added. */
export class PathSet {
  readonly #platform: Platform;
  /** The original paths of the files, by folded path. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Set<string>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Adds the path of a file. Returns the collision if there is one. */
  add(path: readonly string[]): string | undefined {
    // No component contains a slash, so the joined path is unambiguous.
    const spelling = path.join("/");
    const key = foldName(spelling, this.#platform);
    const other = this.#files.get(key);
    if (other === spelling) return "is the path of another file";
    if (other !== undefined) {
      const name = PLATFORM_NAMES[this.#platform];
      return `is the same as ${quote(other)} on ${name}, which ignores ${
        IGNORED[this.#platform]
      }`;
    }
    if (this.#folders.has(key)) return "is the folder of another file";
    for (let end = 0; (end = key.indexOf("/", end + 1)) > 0;) {
      const folder = key.slice(0, end);
      if (this.#folders.has(folder)) continue;
      if (this.#files.has(folder)) return "is inside another file";
      this.#folders.add(folder);
    }
    this.#files.set(key, spelling);
    return undefined;
  }
}

/**
 * Folds letter by letter to capitals, as NTFS does: `ς` and `σ` are equal, `ß` and
 * `ss` are not. The dotless `ı` stays: no file system makes it `I`.
 */
function foldCase(name: string): string {
  // Most names, in a tenth of the time.
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

/** A path that is not valid on a platform. */
export interface PortabilityFault {
  /** Components, the torrent's name first. */
  readonly path: readonly string[];
  /** The reason: `"a:b" contains a character that Windows forbids`. */
  readonly reason: string;
}

/**
 * Finds the paths of a new torrent that peers on a platform cannot store, in order.
 * Each path begins with the torrent's name.
 */
export function findPortabilityFaults(
  paths: readonly (readonly string[])[],
  platform: Platform,
): PortabilityFault[] {
  const names = new PathSet(platform);
  return paths.flatMap((path) => {
    const fault = findPathFault(path, platform);
    if (fault !== undefined) return { path, reason: fault };
    const collision = names.add(path);
    const name = quote(path.join("/"));
    return collision ? { path, reason: `${name} ${collision}` } : [];
  });
}
