/**
 * Globs over the paths of a torrent's files, as `@std/path` reads them: `*`, `?`,
 * `[a-z]`, `{a,b}` and, as a whole component, `**`. Each is matched by its stars from
 * left to right, in time linear in the path for each of its tokens: as one regular
 * expression, five stars on a name of 255 letters take minutes.
 *
 * @module
 */
import { globToRegExp } from "@std/path/posix";

/** Longest glob, in UTF-16 units. */
const MAX_GLOB_LENGTH = 1_024;
/** Globs without braces that one glob stands for at most. */
const MAX_ALTERNATIVES = 100;

/** A glob; upper and lower case differ. */
export interface PathGlob {
  /** As it was given. */
  readonly text: string;
  /** True if it matches a path, by its components. */
  readonly matches: (path: readonly string[]) => boolean;
}

/** Tests one item: a component, or a character. */
type Test<Item> = (item: Item) => boolean;
/** Any number of items. */
const ANY = "any";
/** One component of a glob; `ANY` is `**`. */
type GlobComponent = Test<string> | typeof ANY;

/**
 * Reads a glob. Without a slash it applies to names at any depth, otherwise to paths
 * from the shared folder on; a slash at an end is ignored.
 * @throws {RangeError} If it is empty, malformed, too long, or stands for too many.
 */
export function readPathGlob(text: string): PathGlob {
  const glob = text.replace(/^\/+|\/+$/g, "");
  if (glob === "") throw new RangeError("the glob is empty");
  if (glob.length > MAX_GLOB_LENGTH) {
    throw new RangeError(`a glob has at most ${MAX_GLOB_LENGTH} characters`);
  }
  const alternatives = withoutBraces(glob).map((one) => {
    const components = one.split("/").map(readComponent);
    // `x/**` is all in x, and not x itself.
    return components.at(-1) === ANY ? [...components, () => true] : components;
  });
  const isName = !glob.includes("/");
  return {
    text,
    matches: (path) => {
      const items = isName ? path.slice(-1) : path;
      return alternatives.some((pattern) => matches(pattern, items));
    },
  };
}

/** True if a glob matches a path or a folder above it. */
export function matchesBelow(glob: PathGlob, path: readonly string[]): boolean {
  return path.some((_, depth) => glob.matches(path.slice(0, depth + 1)));
}

/** True if the items match a pattern; each `ANY` takes as few as it can. */
function matches<Item>(
  pattern: readonly (Test<Item> | typeof ANY)[],
  items: readonly Item[],
): boolean {
  let [at, place] = [0, 0];
  /** The last `ANY`, and the item at which what follows it is tried. */
  let last: { readonly at: number; place: number } | undefined;
  while (place < items.length) {
    const test = pattern[at];
    if (test === ANY) {
      last = { at: at++, place };
    } else if (test?.(items[place]!)) {
      at++;
      place++;
    } else if (last === undefined) {
      return false;
    } else {
      at = last.at + 1;
      place = ++last.place;
    }
  }
  return pattern.slice(at).every((test) => test === ANY);
}

function readComponent(component: string): GlobComponent {
  if (component === "**") return ANY;
  const tokens = component.match(/\\.|\[(?:\[:\w+:\]|[^\]])+\]|\*+|./gsu) ?? [];
  const pattern = tokens.map((token): Test<string> | typeof ANY => {
    if (token.startsWith("*")) return ANY;
    if (token === "?") return () => true;
    if (token.length === 2 && token.startsWith("\\")) {
      return (character) => character === token[1];
    }
    if (!token.startsWith("[") || token.length === 1) {
      return (character) => character === token;
    }
    const regExp = readClass(token);
    return (character) => regExp.test(character);
  });
  return (name) => matches(pattern, [...name]);
}

/** @throws {RangeError} On a range that ends before it begins. */
function readClass(token: string): RegExp {
  try {
    return globToRegExp(token, { extended: false });
  } catch (cause) {
    throw new RangeError(`${token} is no class of characters`, { cause });
  }
}

/** The globs that one with braces stands for. */
function withoutBraces(glob: string): readonly string[] {
  const [braces, list] = /\{([^{}]*)\}/.exec(glob) ?? [];
  if (braces === undefined) return [glob];
  const globs = list!.split(",").flatMap((part) =>
    withoutBraces(glob.replace(braces, () => part))
  );
  if (globs.length <= MAX_ALTERNATIVES) return globs;
  throw new RangeError(
    `the braces stand for more than ${MAX_ALTERNATIVES} globs`,
  );
}
