/**
 * Where the base runtime of an executable comes from: `DENORT_BIN`, then what
 * `deno compile` downloads by itself, then npm. A runtime works only with the
 * `deno compile` of its own version, so each comes with the command of that one.
 *
 * @module
 */
import { NPM_RUNTIME, npmRuntimePath } from "./npm_runtime.ts";
import { downloadRefusal } from "./runtime_download.ts";
import { ExecutablesUnavailableError, RuntimeError } from "./runtime_error.ts";
import {
  RUNTIME_HEADER_LENGTH,
  runtimeTarget,
  runtimeVersion,
} from "./runtime_header.ts";
import { sha256 } from "./sha256.ts";
import type { Target } from "./targets.ts";

/** A base runtime. */
export interface BaseRuntime {
  readonly source: "DENORT_BIN" | "download" | "npm";
  /** The Deno that it belongs to. */
  readonly version: string;
  /** Tells it from another of the same source and version. */
  readonly identity: string;
  /** The file; undefined where `deno compile` has its own. */
  readonly path: string | undefined;
}

/** Where a runtime came from, for a person. */
export function describeRuntime(
  { source, version }: Pick<BaseRuntime, "source" | "version">,
): string {
  switch (source) {
    case "DENORT_BIN":
      return `denort ${version} given by DENORT_BIN`;
    case "download":
      return `denort ${version} as deno compile downloads it`;
    case "npm":
      return `denort ${version} out of the npm package ${NPM_RUNTIME.packageName}`;
    default:
      return source satisfies never;
  }
}

/**
 * The runtime that `DENORT_BIN` names, if it is set and for this target.
 * @throws {RuntimeError} If it names no `denort`.
 */
export async function givenRuntime(
  target: Target,
): Promise<BaseRuntime | undefined> {
  const path = Deno.env.get("DENORT_BIN");
  if (!path) return undefined;
  const content = await Deno.readFile(path).catch((cause: unknown) => {
    throw new RuntimeError(`cannot read DENORT_BIN ${path}: ${cause}`, {
      cause,
    });
  });
  return await examineRuntime(path, { content, target });
}

/** Options of {@linkcode examineRuntime}. */
export interface ExamineRuntimeOptions {
  /** Of the file. */
  readonly content: Uint8Array<ArrayBuffer>;
  readonly target: Target;
}

/**
 * A file as the runtime for a target; undefined if it is for another one.
 * @throws {RuntimeError} If it is not for any.
 */
export async function examineRuntime(
  path: string,
  { content, target }: ExamineRuntimeOptions,
): Promise<BaseRuntime | undefined> {
  const found = runtimeTarget(content.subarray(0, RUNTIME_HEADER_LENGTH));
  if (found === undefined) {
    throw new RuntimeError(
      `cannot use DENORT_BIN ${path}: it is not an executable of a system that Deno compiles for`,
    );
  }
  if (found !== target) return undefined;
  return {
    source: "DENORT_BIN",
    version: runtimeVersion(content) ?? Deno.version.deno,
    identity: await sha256(content),
    path,
  };
}

/** Whether a runtime that was found before is what {@linkcode findRuntime} might find now. */
export function isStillFound(
  { source, version }: Pick<BaseRuntime, "source" | "version">,
): boolean {
  return source === "npm" ||
    source === "download" && version === Deno.version.deno;
}

/** The places to look at, in this order. */
export interface RuntimePlaces {
  /** Why `deno compile` gets none by itself, or undefined if it does. */
  readonly downloadRefusal: (target: Target) => Promise<string | undefined>;
  /** The path of the one in the npm package. */
  readonly npmRuntimePath: () => Promise<string>;
}

/**
 * Finds a runtime where `DENORT_BIN` gives none.
 * @throws {ExecutablesUnavailableError} If there is none for the target.
 * @throws {RuntimeError} If npm has another one than expected.
 */
export async function findRuntime(
  target: Target,
  places: RuntimePlaces = { downloadRefusal, npmRuntimePath },
): Promise<BaseRuntime> {
  const refusal = await places.downloadRefusal(target);
  if (refusal === undefined) {
    const version = Deno.version.deno;
    return { source: "download", version, identity: version, path: undefined };
  }
  const advice = `set DENORT_BIN to the denort of Deno ${Deno.version.deno} ` +
    "for that system";
  if (target !== NPM_RUNTIME.target) {
    throw new ExecutablesUnavailableError(
      `cannot build for ${target}: there is no denort: ${refusal}, and npm has none; ${advice}`,
    );
  }
  try {
    return {
      source: "npm",
      version: NPM_RUNTIME.version,
      identity: NPM_RUNTIME.sha256,
      path: await places.npmRuntimePath(),
    };
  } catch (cause) {
    if (!(cause instanceof ExecutablesUnavailableError)) throw cause;
    throw new ExecutablesUnavailableError(
      `cannot build for ${target}: there is no denort: ${refusal}, and ${cause.message}; ${advice}`,
      { cause },
    );
  }
}
