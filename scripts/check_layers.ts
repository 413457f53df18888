/**
 * `deno task check:layers`: prints every place where the source breaks the
 * house's layers as `file:line: reason`, and exits 1 if there is one.
 *
 * @module
 */
import { join } from "@std/path";
import { findViolations } from "./layers/find_violations.ts";
import { REPOSITORY } from "./repository.ts";

/** Folders and files that are looked at. */
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
  const violations = findViolations(sources);
  const report = violations.map(({ path, line, reason }) =>
    `${path}:${line}: ${reason}\n`
  ).join("");
  const summary =
    `Checked the layers of ${sources.size} files: ${violations.length} violations\n`;
  await Deno.stdout.write(new TextEncoder().encode(report + summary));
  return violations.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
