/**
 * Finds code and imports in the text of a TypeScript file, by regular expressions in
 * place of a parser. Invariant: masked source has the length and the line breaks of
 * the source, so an offset in one is an offset in the other.
 */

/** Comments, strings, templates and regular expressions, in this order. */
const NOT_CODE = new RegExp(
  [
    /\/\/[^\n]*|\/\*[^]*?\*\//,
    /"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'/,
    /`(?:\\[^]|[^`\\])*`/,
    // A slash after an operand divides.
    /(?<=(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|yield|await))\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n*])+\/[a-z]*/,
  ].map((part) => part.source).join("|"),
  "g",
);

/**
 * Blanks everything that is not code; quotes stay, and the code in a template. The
 * text of a template inside another one may stay too.
 */
export function maskSource(source: string): string {
  return source.replace(NOT_CODE, (text) => {
    if (!/^["'`]/.test(text)) return blank(text);
    const inside = text.slice(1, -1);
    const masked = text[0] === "`"
      ? inside.replace(
        /\\[^]|\$\{[^}]*\}|[^]/g,
        (part) => part.startsWith("${") ? part : blank(part),
      )
      : blank(inside);
    return text[0] + masked + text[0];
  });
}

/** Spaces in place of a text; its line breaks stay. */
export function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

export interface Import {
  /** As written, such as `../base/bitfield.ts` or `@std/path`. */
  readonly specifier: string;
  /** The path in the repository; undefined for a package. */
  readonly to: string | undefined;
  /** Offset of the quote before the specifier. */
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

/** Finds imports, re-exports and dynamic imports with a literal name. */
export function findImports(
  path: string,
  source: string,
  masked: string = maskSource(source),
): Import[] {
  return Array.from(masked.matchAll(IMPORT), (match) => {
    const offset = match.index + match[0].length;
    const end = masked.indexOf(masked[offset]!, offset + 1);
    const specifier = source.slice(offset + 1, end);
    const to = specifier.startsWith(".")
      ? new URL(specifier, `file:///${path}`).pathname.slice(1)
      : undefined;
    return { specifier, to, offset };
  });
}
