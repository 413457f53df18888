/**
 * The layers as data: the imports that a folder of `lib/` may have, the names that
 * pure files may not use, and the budgets. Change them together with the drawing in
 * `docs/design.md`.
 */

/** Longest file allowed, in lines. */
export const MAX_LINES = 350;

/** The arrows of the drawing. They are transitive. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  bencode: ["base"],
  metainfo: ["bencode"],
  wire: ["bencode"],
  net: ["base"],
  dialing: ["base"],
  discovery: ["net"],
  metadata: ["wire", "metainfo"],
  swarm: ["metadata"],
  files: ["metainfo"],
  disk: ["files"],
  source: ["disk"],
  announce: ["bencode", "net"],
  http: ["net"],
  catalogue: ["disk", "net"],
  tracker: ["catalogue", "http", "announce"],
  peer: ["swarm", "metadata", "dialing", "announce", "discovery", "disk"],
  rollout: ["tracker"],
  share: ["rollout", "source"],
};

/** Folders of `lib/` without I/O, clocks and randomness. */
const PURE_FOLDERS: ReadonlySet<string> = new Set([
  "base",
  "bencode",
  "metainfo",
  "wire",
  "dialing",
  "swarm",
  "metadata",
  "announce",
  "discovery",
  "rollout",
]);

/** Files of pure folders that own sockets and timers. */
const WORLDLY_FILES: ReadonlySet<string> = new Set([
  "lib/announce/announcer.ts",
  "lib/announce/tracker_client.ts",
  "lib/announce/udp_tracker_client.ts",
  "lib/discovery/dns_sd.ts",
  "lib/discovery/local_service_discovery.ts",
  "lib/discovery/multicast_socket.ts",
]);

export interface Budget {
  readonly lines: number;
  readonly files?: number;
}

/** The budgets of folders. `deno task check` prints them and does not enforce them. */
export const BUDGETS: Readonly<Record<string, Budget>> = {
  "lib": { lines: 23_000, files: 170 },
  "lib/base": { lines: 950, files: 14 },
  "lib/bencode": { lines: 370, files: 3 },
  "lib/metainfo": { lines: 1_000, files: 9 },
  "lib/wire": { lines: 800, files: 7 },
  "lib/net": { lines: 510, files: 6 },
  "lib/swarm": { lines: 3_000, files: 16 },
  "lib/metadata": { lines: 450, files: 4 },
  "lib/dialing": { lines: 420, files: 3 },
  "lib/announce": { lines: 2_050, files: 13 },
  "lib/discovery": { lines: 2_150, files: 10 },
  "lib/files": { lines: 1_450, files: 8 },
  "lib/disk": { lines: 2_450, files: 16 },
  "lib/source": { lines: 1_300, files: 7 },
  "lib/peer": { lines: 1_800, files: 13 },
  "lib/http": { lines: 1_350, files: 9 },
  "lib/rollout": { lines: 2_400, files: 17 },
  "lib/share": { lines: 2_600, files: 17 },
  "lib/catalogue": { lines: 550, files: 5 },
  "lib/tracker": { lines: 6_500 },
  "lib/tracker/store": { lines: 2_150 },
  "lib/tracker/page": { lines: 2_650 },
  "cli": { lines: 3_200, files: 26 },
  "scripts": { lines: 8_000 },
};

/** Other limits that `deno task check` prints. */
export const LIMITS = {
  /** Share of the files of `lib/` that only one file imports. */
  oneImporterPercent: 15,
  medianLines: 110,
  /** Lines of files that the tracker needs and the peer does not. */
  trackerLines: 8_500,
} as const;

/** Names of I/O, clocks and randomness. Members such as `x.fetch` do not count. */
const WORLD = new RegExp(
  String.raw`(?<![\w$#.])(?:` + [
    "Deno|fetch|WebSocket|EventSource|Worker|BroadcastChannel",
    "setTimeout|setInterval|clearTimeout|clearInterval|setImmediate",
    "queueMicrotask|performance|crypto|console|process|navigator",
    "localStorage|sessionStorage|globalThis",
    String.raw`Temporal\.Now|Math\s*\.\s*random|Date\s*\.\s*now`,
    String.raw`new\s+Date(?:\s*\(\s*\)|(?!\s*[\w$(]))`,
    String.raw`AbortSignal\s*\.\s*timeout`,
  ].join("|") + String.raw`)(?![\w$]|\??\s*:)`,
  "g",
);

/** Ways to run a text as code. An `import()` with a literal name is not one. */
const TEXT_AS_CODE =
  /(?<![\w$.])(?:eval\s*\(|new\s+Function\b|Function\s*\(|import\s*\(\s*(?!["']))|\.\s*constructor\s*\(/g;

const PROGRAM_START = /(?<![\w$.])Deno\s*\.\s*(?:Command|run)(?![\w$])/g;

/** The only file that may: it starts a command line of the user. */
const PROGRAM_STARTER = "cli/on_complete.ts";

/** Packages with I/O or timers. Node's byte array has neither. */
const WORLDLY_PACKAGE = /^node:(?!buffer$)|^@std\/async\/|^https?:|^npm:|^jsr:/;

export type Layer =
  | { readonly type: "library"; readonly folder: string }
  | { readonly type: "libraryFace" }
  | { readonly type: "face" }
  | { readonly type: "programs" }
  | { readonly type: "scripts" }
  | { readonly type: "unlayered" };

/** The layer of a file. Tests and type declarations have none. */
export function layerOf(path: string): Layer {
  const [top, folder, ...rest] = path.split("/");
  if (path === "mod.ts") return { type: "face" };
  if (top === "cli") return { type: "programs" };
  if (top === "scripts") return { type: "scripts" };
  if (top === "lib" && folder !== undefined && folder !== "types") {
    // `lib/mod.ts`, its parts and the program that it runs stand beside the folders.
    return rest.length > 0
      ? { type: "library", folder }
      : { type: "libraryFace" };
  }
  return { type: "unlayered" };
}

/** The reason why a file may not import another one; undefined if it may. */
export function refusedImport(from: string, to: string): string | undefined {
  const [source, target] = [layerOf(from), layerOf(to)];
  switch (source.type) {
    case "unlayered":
      return undefined;
    case "scripts":
      return to.startsWith("tests/")
        ? "scripts import no tests: code for both belongs in scripts/"
        : undefined;
    case "face":
      return target.type === "libraryFace"
        ? undefined
        : "mod.ts imports only lib/mod.ts";
    case "libraryFace":
      return target.type === "library" || target.type === "libraryFace"
        ? undefined
        : `${from} imports only what is in lib/`;
    case "programs":
      return target.type === "programs" || target.type === "face" ||
          target.type === "libraryFace" && to !== "lib/mod.ts"
        ? undefined
        : "cli imports only the library's faces, packages and itself";
    case "library":
      // The faces of runtimes and packages are types alone.
      if (to.startsWith("lib/types/")) return undefined;
      return refusedInLibrary(source.folder, target) ??
        (isPure(from) && to.startsWith("lib/net/")
          ? "a pure file may not import lib/net"
          : undefined);
    default:
      return source satisfies never;
  }
}

/** The reason why a file may not import a package; undefined if it may. */
export function refusedPackage(
  from: string,
  specifier: string,
): string | undefined {
  const layer = layerOf(from);
  if (layer.type === "unlayered") return undefined;
  if (layer.type === "face") return "mod.ts imports only lib/mod.ts";
  return isPure(from) && WORLDLY_PACKAGE.test(specifier)
    ? `a pure file may not import ${specifier}`
    : undefined;
}

/**
 * The places where the masked source of a pure file names the world, and where a
 * program or the library may run the code of a stranger.
 */
export function* refusedCode(
  path: string,
  masked: string,
): Generator<{ readonly reason: string; readonly offset: number }> {
  for (const match of isPure(path) ? masked.matchAll(WORLD) : []) {
    const name = match[0].replace(/\s+/g, " ");
    yield { reason: `a pure file may not name ${name}`, offset: match.index };
  }
  const { type } = layerOf(path);
  if (type === "scripts" || type === "unlayered") return;
  for (const { 0: code, index: offset } of masked.matchAll(TEXT_AS_CODE)) {
    yield { reason: `runs a text as code: ${code.trim()}`, offset };
  }
  if (path === PROGRAM_STARTER) return;
  for (const { index: offset } of masked.matchAll(PROGRAM_START)) {
    const reason = `only ${PROGRAM_STARTER} starts programs`;
    yield { reason, offset };
  }
}

function isPure(path: string): boolean {
  const layer = layerOf(path);
  return layer.type === "library" && PURE_FOLDERS.has(layer.folder) &&
    !WORLDLY_FILES.has(path);
}

function refusedInLibrary(folder: string, target: Layer): string | undefined {
  if (ARROWS[folder] === undefined) {
    return `lib/${folder} has no place in the layers`;
  }
  if (target.type !== "library") {
    return `lib/${folder} imports only what is below it in lib/`;
  }
  return target.folder === folder || reachable(folder).has(target.folder)
    ? undefined
    : `${folder} may not import ${target.folder}`;
}

function reachable(folder: string): Set<string> {
  const below = ARROWS[folder] ?? [];
  return new Set(below.flatMap((next) => [next, ...reachable(next)]));
}
