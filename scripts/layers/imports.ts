/**
 * The modules that a source file names: static imports, re-exports and dynamic
 * imports with a literal name.
 *
 * @module
 */

/** One module named by a source file. */
export interface Import {
  /** As written, such as `../base/bitfield.ts` or `@std/path`. */
  readonly specifier: string;
  /** Offset in the source of the quote before the specifier. */
  readonly offset: number;
}

const IMPORT = new RegExp(
  [
    // import "x"; import x from "x"; import type { x } from "x"; export * from "x"
    /\b(?:import|export)\b(?:[\s\w$*{},]*?\bfrom)?\s*(?=["'])/,
    // import("x")
    /\bimport\s*\(\s*(?=["'])/,
  ].map((part) => part.source).join("|"),
  "g",
);

/**
 * Finds the imports of a source.
 * @param masked The same source as `maskSource()` returns it.
 */
export function findImports(source: string, masked: string): Import[] {
  const found: Import[] = [];
  for (const match of masked.matchAll(IMPORT)) {
    const offset = match.index + match[0].length;
    const end = masked.indexOf(masked[offset]!, offset + 1);
    found.push({ specifier: source.slice(offset + 1, end), offset });
  }
  return found;
}

/**
 * The path a relative specifier leads to, from the folder of `importer`; both
 * relative to the repository. Undefined for a package.
 */
export function resolveImport(
  importer: string,
  specifier: string,
): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const parts = importer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
