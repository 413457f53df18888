/**
 * Measures the sources against the budgets of the rules: lines, files, and the code
 * that serves the tracker alone.
 */
import { type Budget, BUDGETS, LIMITS } from "./rules.ts";
import { findImports } from "./source_text.ts";

export function describeSizes(sources: ReadonlyMap<string, string>): string[] {
  const lines = new Map<string, number>();
  const imports = new Map<string, Set<string>>();
  for (const [path, source] of sources) {
    if (path.startsWith("tests/")) continue;
    lines.set(path, lineCountOf(source));
    const targets = findImports(path, source).map(({ to }) => to)
      .filter((to) => to !== undefined);
    imports.set(path, new Set(targets));
  }
  const importerCount = (path: string): number =>
    [...imports.values()].filter((targets) => targets.has(path)).length;
  const rooms = Object.entries(BUDGETS).map(([folder, budget]) =>
    describeRoom(folder, { budget, lines })
  );
  const library = [...lines.keys()].filter((path) => path.startsWith("lib/"));
  const single = library.filter((path) => importerCount(path) === 1);
  const sorted = library.toSorted((a, b) => lines.get(a)! - lines.get(b)!);
  const median = lines.get(sorted[sorted.length >> 1]!);
  const longest = sorted.at(-1)!;
  const trackerLines = trackerAlone(imports)
    .reduce((sum, path) => sum + (lines.get(path) ?? 0), 0);
  return [
    ...rooms,
    `files of lib with one importer: ${
      Math.round(100 * single.length / library.length)
    } % of at most ${LIMITS.oneImporterPercent} %`,
    `median file of lib: ${median} of at most ${LIMITS.medianLines} lines`,
    `longest file of lib: ${lines.get(longest)} lines, ${longest}`,
    `reached from the tracker alone: ${trackerLines} of ${LIMITS.trackerLines} lines`,
  ];
}

/** Number of lines; a line break at the end begins no line. */
export function lineCountOf(source: string): number {
  return source.replace(/\n$/, "").split("\n").length;
}

function describeRoom(
  folder: string,
  { budget, lines }: {
    readonly budget: Budget;
    readonly lines: ReadonlyMap<string, number>;
  },
): string {
  const counts = [...lines].filter(([path]) => path.startsWith(`${folder}/`));
  const lineCount = counts.reduce((sum, [, count]) => sum + count, 0);
  const fileCount = counts.length;
  const isOver = lineCount > budget.lines || fileCount > (budget.files ?? 1e9);
  return [
    `${isOver ? "!" : " "} ${folder.padEnd(18)}`,
    `${`${lineCount}`.padStart(6)} of ${budget.lines} lines`,
    `${`${fileCount}`.padStart(4)}${
      budget.files === undefined ? "" : ` of ${budget.files}`
    } files`,
  ].join("  ");
}

/** The files that the tracker needs and the peer does not. */
function trackerAlone(imports: ReadonlyMap<string, Set<string>>): string[] {
  const reach = (folder: string): Set<string> => {
    const found = new Set<string>();
    const visit = (path: string): void => {
      if (found.has(path)) return;
      found.add(path);
      imports.get(path)?.forEach(visit);
    };
    for (const path of imports.keys()) {
      if (path.startsWith(folder)) visit(path);
    }
    return found;
  };
  return [...reach("lib/tracker/").difference(reach("lib/peer/"))];
}
