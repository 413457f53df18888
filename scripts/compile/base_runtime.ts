/**
 * Finds the base runtime, `denort`, of an executable: the one that `DENORT_BIN`
 * names, else the one that `deno compile` downloads, else the one in a package on
 * npm. A runtime works only with the `deno compile` of its own version.
 *
 * @module
 */
import { CompilerError, downloadRefusal } from "./compiler.ts";
import { NPM_RUNTIME, npmRuntimePath } from "./npm_runtime.ts";
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
    const path = sources.givenPath;
    const content = await Deno.readFile(path).catch((cause: unknown) => {
      throw new CompilerError(`cannot read DENORT_BIN ${path}: ${cause}`, {
        cause,
      });
    });
    const given = examineRuntime(path, { content, target });
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
  const found = runtimeTarget(content);
  if (found === undefined) {
    throw new CompilerError(
      `cannot use DENORT_BIN ${path}: it is not an executable of a system that Deno compiles for`,
    );
  }
  if (found !== target) return undefined;
  const version = runtimeVersion(content) ?? Deno.version.deno;
  return { source: "DENORT_BIN", version, path };
}

/** `e_machine` of ELF. */
const ELF_MACHINES: Readonly<Record<number, Target>> = {
  0x3e: "x86_64-unknown-linux-gnu",
  0xb7: "aarch64-unknown-linux-gnu",
};

/** `cputype` of Mach-O. */
const MACH_O_PROCESSORS: Readonly<Record<number, Target>> = {
  0x01000007: "x86_64-apple-darwin",
  0x0100000c: "aarch64-apple-darwin",
};

/** `Machine` of a PE file: x86-64. */
const PE_X86_64 = 0x8664;

/** The target of an executable by its header; undefined if Deno does not compile for it. */
export function runtimeTarget(header: Uint8Array): Target | undefined {
  const view = new DataView(
    header.buffer,
    header.byteOffset,
    header.byteLength,
  );
  if (view.byteLength < 64) return undefined;
  // "\x7fELF", then at 18 the machine.
  if (view.getUint32(0) === 0x7f454c46) {
    return ELF_MACHINES[view.getUint16(18, true)];
  }
  // Mach-O of 64 bits, little-endian.
  if (view.getUint32(0, true) === 0xfeedfacf) {
    return MACH_O_PROCESSORS[view.getUint32(4, true)];
  }
  // "MZ", at 60 the offset of "PE\0\0" and then the machine.
  if (view.getUint16(0) === 0x4d5a) {
    const offset = view.getUint32(60, true);
    if (offset + 6 > view.byteLength) return undefined;
    return view.getUint32(offset) === 0x50450000 &&
        view.getUint16(offset + 4, true) === PE_X86_64
      ? "x86_64-pc-windows-msvc"
      : undefined;
  }
  return undefined;
}

/**
 * The version of Deno that a runtime belongs to, from the `User-Agent` in it;
 * undefined if there is none. The highest one counts, as other texts may mention
 * older versions.
 */
export function runtimeVersion(content: Uint8Array): string | undefined {
  const mark = new TextEncoder().encode("Deno/");
  let highest: string | undefined;
  for (
    let at = content.indexOf(mark[0]!);
    at !== -1;
    at = content.indexOf(mark[0]!, at + 1)
  ) {
    if (!mark.every((byte, index) => content[at + index] === byte)) continue;
    const text = String.fromCharCode(...content.subarray(at + 5, at + 32));
    const version = /^\d{1,3}\.\d{1,3}\.\d{1,3}/.exec(text)?.[0];
    if (version === undefined) continue;
    if (highest === undefined || compareVersions(version, highest) > 0) {
      highest = version;
    }
  }
  return highest;
}

/** Negative if the first version is older than the second, 0 if they are equal. */
export function compareVersions(one: string, other: string): number {
  const [parts, others] = [one, other].map((text) =>
    text.split(".").map(Number)
  );
  const index = parts!.findIndex((part, index) => part !== others![index]);
  return index === -1 ? 0 : parts![index]! - others![index]!;
}
