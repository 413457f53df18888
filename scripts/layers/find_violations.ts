/**
 * Finds the places where source files violate the rules. Pure: paths and texts in,
 * violations out.
 */
import {
  layerOf,
  MAX_LINES,
  refusedCode,
  refusedImport,
  refusedPackage,
} from "./rules.ts";
import { lineCountOf } from "./sizes.ts";
import { blank, findImports, maskSource } from "./source_text.ts";

export interface Violation {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly line: number;
  readonly reason: string;
}

interface Edge {
  readonly to: string;
  readonly line: number;
}

/**
 * Finds all violations, sorted by path and line.
 * @param sources Texts by path, relative to the repository, with slashes.
 */
export function findViolations(
  sources: ReadonlyMap<string, string>,
): Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, Edge[]>();
  for (const [path, source] of sources) {
    const report = (line: number, reason: string): void => {
      violations.push({ path, line, reason });
    };
    const masked = maskSource(source);
    const lineCount = lineCountOf(source);
    if (lineCount > MAX_LINES) {
      report(MAX_LINES + 1, `${lineCount} lines, more than ${MAX_LINES}`);
    }
    const edges: Edge[] = [];
    for (const { specifier, to, offset } of findImports(path, source, masked)) {
      const line = lineAt(source, offset);
      const reason = to === undefined
        ? refusedPackage(path, specifier)
        : refusedImport(path, to);
      if (reason !== undefined) report(line, reason);
      if (to !== undefined) edges.push({ to, line });
    }
    graph.set(path, edges);
    for (const { reason, offset } of refusedCode(path, masked)) {
      report(lineAt(source, offset), reason);
    }
    const offset = ownCodeOffset(path, masked);
    if (offset !== undefined) {
      report(lineAt(source, offset), "a mod.ts only re-exports");
    }
  }
  violations.push(...findCircles(graph));
  return violations.sort((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1
  );
}

/** Offset of code in a `mod.ts` that is not a re-export; `lib/mod.ts` may end with its program. */
function ownCodeOffset(path: string, masked: string): number | undefined {
  const layer = layerOf(path);
  if (layer.type === "unlayered" || !/(?:^|\/)mod\.ts$/.test(path)) {
    return undefined;
  }
  const keyword = layer.type === "libraryFace" ? "(?:import|export)" : "export";
  const statements = new RegExp(
    String
      .raw`\b${keyword}\s+(?:type\s+)?[\s\w$*{},]*?\bfrom\s*["'][^"']*["']\s*;?`,
    "g",
  );
  const rest = masked.replace(statements, blank);
  const offset = rest.search(/\S/);
  if (offset < 0) return undefined;
  const isProgram = layer.type === "libraryFace" &&
    rest.startsWith("if (import.meta.main)", offset);
  return isProgram ? undefined : offset;
}

/** A violation for each import that closes a circle of files. */
function findCircles(graph: ReadonlyMap<string, readonly Edge[]>): Violation[] {
  const violations: Violation[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    trail.push(path);
    for (const { to, line } of graph.get(path) ?? []) {
      const start = trail.indexOf(to);
      if (start >= 0) {
        const circle = [...trail.slice(start), to].join(" → ");
        const reason = `imports in a circle: ${circle}`;
        violations.push({ path, line, reason });
      } else if (!finished.has(to)) {
        visit(to);
      }
    }
    trail.pop();
    finished.add(path);
  };
  for (const path of graph.keys()) {
    if (!finished.has(path)) visit(path);
  }
  return violations;
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}
