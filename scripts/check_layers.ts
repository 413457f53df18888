/**
 * `deno task check:layers`: prints the sizes of the source against their budgets, and
 * every place that violates the layers as `file:line: reason`. Exits 1 if there is
 * one; a size is not a violation.
 */
import { join } from "@std/path";
import { findViolations } from "./layers/find_violations.ts";
import { describeSizes } from "./layers/sizes.ts";
import { REPOSITORY } from "./programs/tasks.ts";

const ROOTS = ["mod.ts", "lib", "cli", "scripts", "tests"];

async function collectSources(
  path: string,
  sources: Map<string, string>,
): Promise<void> {
  const info = await Deno.stat(join(REPOSITORY, path));
  if (info.isFile) {
    if (!path.endsWith(".ts")) return;
    sources.set(path, await Deno.readTextFile(join(REPOSITORY, path)));
    return;
  }
  for await (const entry of Deno.readDir(join(REPOSITORY, path))) {
    await collectSources(`${path}/${entry.name}`, sources);
  }
}

async function main(): Promise<number> {
  const sources = new Map<string, string>();
  for (const root of ROOTS) await collectSources(root, sources);
  const sizes = describeSizes(sources).map((line) => `${line}\n`).join("");
  const violations = findViolations(sources);
  const report = violations.map(({ path, line, reason }) =>
    `${path}:${line}: ${reason}\n`
  ).join("");
  const summary =
    `Checked the layers of ${sources.size} files: ${violations.length} violations\n`;
  await Deno.stdout.write(new TextEncoder().encode(sizes + report + summary));
  return violations.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
