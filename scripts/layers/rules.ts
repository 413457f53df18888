/**
 * The layers as data: which folder of `lib/` may import which, and what a pure
 * folder may not name. Changed together with the drawing in `docs/design.md`.
 *
 * @module
 */

/** Longest file allowed, in lines. */
export const MAX_LINES = 350;

/** The arrows of the drawing; what they lead to may be imported as well. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  bencode: ["base"],
  metainfo: ["bencode"],
  wire: ["bencode"],
  net: ["base"],
  dialing: ["base"],
  swarm: ["wire", "metainfo"],
  disk: ["metainfo"],
  announce: ["bencode", "net"],
  http: ["net"],
  catalogue: ["disk", "net"],
  tracker: ["catalogue", "http", "announce"],
  peer: ["swarm", "dialing", "announce", "disk"],
};

/** Folders of `lib/` that never touch the world. */
const PURE_FOLDERS: ReadonlySet<string> = new Set([
  "base",
  "bencode",
  "metainfo",
  "wire",
  "dialing",
  "swarm",
]);

/** The world by its names. A property or a member (`x.fetch`) is another thing. */
const WORLD = new RegExp(
  String.raw`(?<![\w$#.])(?:` + [
    "Deno",
    "fetch",
    "WebSocket",
    "EventSource",
    "Worker",
    "BroadcastChannel",
    "setTimeout",
    "setInterval",
    "clearTimeout",
    "clearInterval",
    "setImmediate",
    "queueMicrotask",
    "performance",
    "crypto",
    "console",
    "process",
    "navigator",
    "localStorage",
    "sessionStorage",
    "globalThis",
    String.raw`Temporal\.Now`,
    String.raw`Math\s*\.\s*random`,
    String.raw`Date\s*\.\s*now`,
    String.raw`new\s+Date(?:\s*\(\s*\)|(?!\s*[\w$(]))`,
    String.raw`AbortSignal\s*\.\s*timeout`,
  ].join("|") + String.raw`)(?![\w$]|\??\s*:)`,
  "g",
);

/** Ways to run what was a text a moment before. A literal `import()` is none. */
const TEXT_AS_CODE =
  /(?<![\w$.])(?:eval\s*\(|new\s+Function\b|Function\s*\(|import\s*\(\s*(?!["']))|\.\s*constructor\s*\(/g;

/** What starts programs. */
const PROGRAM_START = /(?<![\w$.])Deno\s*\.\s*(?:Command|run)(?![\w$])/g;

/** The one file that may: what it starts is the user's own command line. */
const PROGRAM_STARTER = "cli/completion_command.ts";

/** Packages that keep time or speak to the world. */
const WORLDLY_PACKAGE = /^node:|^@std\/async\/|^https?:|^npm:|^jsr:/;

/** The layer of a file, by its path in the repository. */
export type Layer =
  | { readonly type: "library"; readonly folder: string }
  | { readonly type: "libraryFace" }
  | { readonly type: "face" }
  | { readonly type: "programs" }
  | { readonly type: "scripts" }
  | { readonly type: "unlayered" };

/** Where a file stands. Tests and type declarations are unlayered. */
export function layerOf(path: string): Layer {
  const [top, folder, ...rest] = path.split("/");
  if (path === "mod.ts") return { type: "face" };
  if (top === "cli") return { type: "programs" };
  if (top === "scripts") return { type: "scripts" };
  if (top === "lib" && folder !== undefined && folder !== "types") {
    // `lib/mod.ts` and the program that it runs stand beside the folders.
    return rest.length > 0
      ? { type: "library", folder }
      : { type: "libraryFace" };
  }
  return { type: "unlayered" };
}

/** Why a file may not import another, or undefined if it may. */
export function refusedImport(from: string, to: string): string | undefined {
  const [source, target] = [layerOf(from), layerOf(to)];
  switch (source.type) {
    case "unlayered":
      return undefined;
    case "scripts":
      return to.startsWith("tests/")
        ? "scripts import no tests: code that both need is in scripts/"
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
      return target.type === "programs" || target.type === "face"
        ? undefined
        : "cli imports only mod.ts, libraries and itself";
    case "library":
      return refusedInLibrary(source.folder, target);
    default:
      return source satisfies never;
  }
}

/** Why a file may not import a package, or undefined if it may. */
export function refusedPackage(
  from: string,
  specifier: string,
): string | undefined {
  const layer = layerOf(from);
  if (layer.type === "unlayered") return undefined;
  if (layer.type === "face") return "mod.ts imports only lib/mod.ts";
  return isPure(layer) && WORLDLY_PACKAGE.test(specifier)
    ? `${layer.folder} is pure and may not import ${specifier}`
    : undefined;
}

/** Each place where a pure file's masked source names the world. */
export function* worldNames(
  path: string,
  masked: string,
): Generator<{ readonly name: string; readonly offset: number }> {
  if (!isPure(layerOf(path))) return;
  for (const match of masked.matchAll(WORLD)) {
    yield { name: match[0].replace(/\s+/g, " "), offset: match.index };
  }
}

/** Each place where a program or the library may do what a stranger says. */
export function* dangers(
  path: string,
  masked: string,
): Generator<{ readonly reason: string; readonly offset: number }> {
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

function isPure(
  layer: Layer,
): layer is { readonly type: "library"; readonly folder: string } {
  return layer.type === "library" && PURE_FOLDERS.has(layer.folder);
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
  const found = new Set<string>();
  const visit = (from: string): void => {
    for (const next of ARROWS[from] ?? []) {
      if (!found.has(next)) {
        found.add(next);
        visit(next);
      }
    }
  };
  visit(folder);
  return found;
}
