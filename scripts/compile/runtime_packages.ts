/**
 * The configuration with which an executable is compiled: an import map and a lock
 * file of only those npm packages that the program uses. `deno compile` embeds
 * every file of every package in the lock file, and the project's own lock file has
 * those of scripts and tests too.
 *
 * @module
 */
import { join } from "@std/path";
import configuration from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../programs/tasks.ts";
import type { ExecutableName } from "./targets.ts";

/** Packages that the library imports, and so every program. */
const COMMON_PACKAGES = [
  ...["deno-std", "bencode", "dns-packet", "string-width", "uqr"],
];

/** The npm packages of each program. */
const PACKAGES: Readonly<Record<ExecutableName, readonly string[]>> = {
  peer: COMMON_PACKAGES,
  tracker: [...COMMON_PACKAGES, "prom-client", "redis"],
  lanswarm: [...COMMON_PACKAGES, "prom-client", "redis"],
};

/** Dependencies that the imported modules of a package never load. */
const UNUSED_DEPENDENCIES: ReadonlySet<string> = new Set([
  // prom-client loads them for exemplars and summaries.
  "@opentelemetry/api",
  "tdigest",
]);

/** The part of an import map that leads to these packages. */
export function runtimeImports(
  imports: Readonly<Record<string, string>>,
  packages: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(imports).filter(([, specifier]) =>
      packages.includes(nameOf(specifier.slice("npm:".length)))
    ),
  );
}

/** A lock file of Deno. */
export interface LockFile {
  readonly version: string;
  /** Exact versions by specifier: `npm:bencode@4.0.1`. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** Packages by name and version; peer dependencies may follow a `_`. */
  readonly npm: Readonly<Record<string, LockedPackage>>;
  readonly workspace: { readonly dependencies: readonly string[] };
}

/** A package of a lock file. */
export interface LockedPackage {
  readonly integrity: string;
  /** Names, with a version if the lock file has several of a package. */
  readonly dependencies?: readonly string[];
}

/** The part of a lock file that these packages need. */
export function runtimeLock(
  lock: LockFile,
  packages: readonly string[],
): LockFile {
  const specifiers = Object.entries(lock.specifiers).filter(([specifier]) =>
    packages.includes(nameOf(specifier.slice("npm:".length)))
  );
  const npm: Record<string, LockedPackage> = {};
  const add = (dependency: string): void => {
    for (const [id, locked] of Object.entries(lock.npm)) {
      if (id in npm || !isVersionOf(id, dependency)) continue;
      const dependencies = locked.dependencies?.filter((name) =>
        !UNUSED_DEPENDENCIES.has(nameOf(name))
      );
      npm[id] = { ...locked, ...dependencies && { dependencies } };
      dependencies?.forEach(add);
    }
  };
  for (const [specifier, version] of specifiers) {
    add(`${nameOf(specifier.slice("npm:".length))}@${version}`);
  }
  return {
    version: lock.version,
    specifiers: Object.fromEntries(specifiers),
    npm: Object.fromEntries(Object.entries(npm).sort()),
    workspace: { dependencies: specifiers.map(([specifier]) => specifier) },
  };
}

/**
 * Writes the configuration of a program to `folder`.
 * @returns Flags for `deno compile`.
 */
export async function writeConfiguration(
  name: ExecutableName,
  folder: string,
): Promise<string[]> {
  const [configPath, lockPath] = [`${name}.json`, `${name}.lock`]
    .map((fileName) => join(folder, fileName));
  const packages = PACKAGES[name];
  const imports = runtimeImports(configuration.imports, packages);
  const lock: LockFile = JSON.parse(
    await Deno.readTextFile(join(REPOSITORY, "deno.lock")),
  );
  await Deno.writeTextFile(configPath!, JSON.stringify({ imports }));
  await Deno.writeTextFile(
    lockPath!,
    JSON.stringify(runtimeLock(lock, packages)),
  );
  return [`--config=${configPath}`, `--lock=${lockPath}`, "--frozen"];
}

/** `deno-std` of `deno-std@1.4.0/path/mod.js`; a name may have a scope. */
function nameOf(specifier: string): string {
  return /^(?:@[^/]+\/)?[^@/]+/.exec(specifier)?.[0] ?? specifier;
}

/** True for `a@1.0.0` and `a@1.0.0_b@2.0.0`, given `a` or `a@1.0.0`. */
function isVersionOf(id: string, dependency: string): boolean {
  return id === dependency || id.startsWith(`${dependency}_`) ||
    id.startsWith(`${dependency}@`);
}
