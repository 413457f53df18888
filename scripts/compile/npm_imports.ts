/**
 * Which npm packages a program imports and which files of them, told from
 * sources, import map and lock file. Pure.
 *
 * @module
 */
import { findImports, resolveImport } from "../layers/imports.ts";
import { maskSource } from "../layers/mask_source.ts";

/** A module of a package. */
export interface NpmImport {
  /** Name and version: `deno-std@1.4.0`. */
  readonly packageId: string;
  /** Its path in the package; undefined for what the package calls its main module. */
  readonly path: string | undefined;
}

/** The part of a lock file that is used here: packages by name and version. */
export type LockedPackages = Readonly<
  Record<string, { readonly dependencies?: readonly string[] }>
>;

/** Everything that the sources import from npm, through the import map or by itself. */
export function findNpmImports(
  sources: Iterable<string>,
  importMap: Readonly<Record<string, string>>,
): NpmImport[] {
  const specifiers = new Set<string>();
  for (const source of sources) {
    for (const { specifier } of findImports(source, maskSource(source))) {
      specifiers.add(importMap[specifier] ?? specifier);
    }
  }
  return [...specifiers].flatMap((specifier) => {
    const match = /^npm:\/?((?:@[^/]+\/)?[^/@]+@[^/]+)(?:\/(.+))?$/.exec(
      specifier,
    );
    return match === null ? [] : [{ packageId: match[1]!, path: match[2] }];
  });
}

/**
 * The packages that the used files of a package name; `undefined` if all that it
 * depends on is used.
 */
export type NamesUsed = (packageId: string) => ReadonlySet<string> | undefined;

/** `c` of `c@2.0.0` and of `c`; a name may begin with the @ of a scope. */
function nameOf(dependency: string): string {
  return dependency.replace(/(?<=.)@.*$/, "");
}

/** The packages and all of what they depend on that is used, by name and version. */
export function withDependencies(
  packageIds: Iterable<string>,
  locked: LockedPackages,
  namesUsed: NamesUsed = () => undefined,
): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    if (found.has(id)) return;
    found.add(id);
    const names = namesUsed(id);
    for (const dependency of locked[id]?.dependencies ?? []) {
      if (names?.has(nameOf(dependency)) === false) continue;
      // Without a version where the lock file has but one of it.
      for (const other of Object.keys(locked)) {
        if (other === dependency || other.startsWith(`${dependency}@`)) {
          visit(other);
        }
      }
    }
  };
  for (const id of packageIds) visit(id);
  return found;
}

/** The entries and all that they import by relative paths, among a package's files. */
export function reachableFiles(
  files: ReadonlyMap<string, string>,
  entries: Iterable<string>,
): Set<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    const source = files.get(path);
    if (source === undefined || found.has(path)) return;
    found.add(path);
    for (const specifier of namedModules(source)) {
      const target = resolveImport(path, specifier);
      if (target === undefined) continue;
      visit(target);
      // `require` leaves out what a file's name ends with.
      visit(`${target}.js`);
    }
  };
  for (const entry of entries) visit(entry);
  return found;
}

/** Names of the packages that some files of a package import. */
export function packagesNamed(
  files: ReadonlyMap<string, string>,
  paths: Iterable<string>,
): Set<string> {
  const names = new Set<string>();
  for (const path of paths) {
    for (const specifier of namedModules(files.get(path) ?? "")) {
      const name = /^(?:@[^/]+\/)?[^./@:][^/:]*(?=\/|$)/.exec(specifier)?.[0];
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

const REQUIRE = /\brequire\s*\(\s*(?=["'])/g;

/** The modules that a source imports or, in the older way, requires. */
function namedModules(source: string): string[] {
  const masked = maskSource(source);
  const required = Array.from(masked.matchAll(REQUIRE), (match) => {
    const start = match.index + match[0].length;
    return source.slice(start + 1, masked.indexOf(masked[start]!, start + 1));
  });
  const imported = findImports(source, masked);
  return [...required, ...imported.map(({ specifier }) => specifier)];
}

/**
 * What to leave out of a package so that the `used` files stay: whole folders
 * where nothing is used, else files.
 */
export function unusedPaths(
  paths: Iterable<string>,
  used: ReadonlySet<string>,
): string[] {
  const usedFolders = new Set([...used].flatMap(foldersOf));
  const unused = new Set<string>();
  for (const path of paths) {
    if (used.has(path)) continue;
    unused.add(
      foldersOf(path).find((folder) => !usedFolders.has(folder)) ?? path,
    );
  }
  return [...unused].sort();
}

/** The folders that a path lies in, the outermost first. */
function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(0, -1).map((_, index) =>
    parts.slice(0, index + 1).join("/")
  );
}
