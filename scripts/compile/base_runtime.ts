/**
 * Finds the base runtime, `denort`, of an executable: the one that `DENORT_BIN`
 * names, else the one that `deno compile` downloads, else the one in a package on
 * npm. A runtime works only with the `deno compile` of its own version.
 *
 * @module
 */
import { CompilerError, downloadRefusal } from "./compiler.ts";
import { NPM_RUNTIME, npmRuntimePath } from "./npm_runtime.ts";
import {
  RUNTIME_HEADER_LENGTH,
  runtimeTarget,
  runtimeVersion,
} from "./runtime_header.ts";
import { ExecutablesUnavailableError, type Target } from "./targets.ts";

/** A base runtime. */
export interface BaseRuntime {
  readonly source: "DENORT_BIN" | "download" | "npm";
  /** The version of Deno that it belongs to. */
  readonly version: string;
  /** The file; undefined if `deno compile` finds it itself. */
  readonly path: string | undefined;
}

/** The origin of a runtime, for the user. */
export function describeRuntime({ source, version }: BaseRuntime): string {
  switch (source) {
    case "DENORT_BIN":
      return `denort ${version} from DENORT_BIN`;
    case "download":
      return `denort ${version} as deno compile downloads it`;
    case "npm":
      return `denort ${version} from the npm package ${NPM_RUNTIME.packageName}`;
    default:
      return source satisfies never;
  }
}

/** The sources of a runtime. */
export interface RuntimeSources {
  /** The path in `DENORT_BIN`. */
  readonly givenPath: string | undefined;
  /** The reason why `deno compile` finds no runtime itself; undefined if it does. */
  readonly downloadRefusal: (target: Target) => Promise<string | undefined>;
  /** The path of the one from npm. */
  readonly npmRuntimePath: () => Promise<string>;
}

/**
 * Finds a runtime for a target.
 * @throws {ExecutablesUnavailableError} If there is none.
 * @throws {CompilerError} If a runtime is not the expected one.
 */
export async function findRuntime(
  target: Target,
  sources: RuntimeSources = {
    givenPath: Deno.env.get("DENORT_BIN"),
    downloadRefusal,
    npmRuntimePath,
  },
): Promise<BaseRuntime> {
  if (sources.givenPath) {
    const given = await givenRuntime(sources.givenPath, target);
    if (given !== undefined) return given;
  }
  const refusal = await sources.downloadRefusal(target);
  if (refusal === undefined) {
    const version = Deno.version.deno;
    return { source: "download", version, path: undefined };
  }
  const unavailable = (npm: string, cause?: unknown) =>
    new ExecutablesUnavailableError(
      `cannot build for ${target}: there is no denort: ${refusal}, and ${npm}; ` +
        `set DENORT_BIN to the denort of Deno ${Deno.version.deno} for that system`,
      { cause },
    );
  if (target !== NPM_RUNTIME.target) throw unavailable("npm has none");
  try {
    const path = await sources.npmRuntimePath();
    return { source: "npm", version: NPM_RUNTIME.version, path };
  } catch (cause) {
    if (!(cause instanceof ExecutablesUnavailableError)) throw cause;
    throw unavailable(cause.message, cause);
  }
}

/** The runtime at a path; undefined if it is for another target. */
async function givenRuntime(
  path: string,
  target: Target,
): Promise<BaseRuntime | undefined> {
  const content = await Deno.readFile(path).catch((cause: unknown) => {
    throw new CompilerError(`cannot read DENORT_BIN ${path}: ${cause}`, {
      cause,
    });
  });
  return examineRuntime(path, { content, target });
}

/**
 * Examines a file as the runtime for a target; undefined if it is for another one.
 * @throws {CompilerError} If it is not a runtime.
 */
export function examineRuntime(
  path: string,
  { content, target }: {
    readonly content: Uint8Array;
    readonly target: Target;
  },
): BaseRuntime | undefined {
  const found = runtimeTarget(content.subarray(0, RUNTIME_HEADER_LENGTH));
  if (found === undefined) {
    throw new CompilerError(
      `cannot use DENORT_BIN ${path}: it is not an executable of a system that Deno compiles for`,
    );
  }
  if (found !== target) return undefined;
  const version = runtimeVersion(content) ?? Deno.version.deno;
  return { source: "DENORT_BIN", version, path };
}
