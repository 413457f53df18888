/**
 * The executables for this machine, for tests and benchmarks that run them.
 *
 * A process that calls {@linkcode buildExecutables} needs `--allow-read`,
 * `--allow-write`, `--allow-env=DENORT_BIN,XDG_CACHE_HOME,HOME`,
 * `--allow-net=dl.deno.land` and `--allow-run` of npm, npx, tar and Deno itself.
 *
 * @module
 */
import { buildTarget } from "./build_target.ts";
import { hostTarget } from "./targets.ts";

export { ExecutablesUnavailableError } from "./runtime_error.ts";

/** Absolute paths of the executables. */
export interface ExecutablePaths {
  readonly tracker: string;
  readonly peer: string;
}

/**
 * Executables for this machine, made of the source as it is now: built, or
 * `dist/` as it is if nothing changed.
 * @throws {ExecutablesUnavailableError} If no `denort` can be had; its message is one line.
 * @throws {RuntimeError} If a `denort` is not the expected one, or the compiler fails.
 */
export async function buildExecutables(): Promise<ExecutablePaths> {
  const target = hostTarget();
  const executables = await buildTarget({ target, showsTarget: false });
  const [tracker, peer] = ["tracker", "peer"].map((name) =>
    executables.find((executable) => executable.name === name)!.path
  );
  return { tracker: tracker!, peer: peer! };
}
