/**
 * Hosts on which the project's programs are the executables that `deno task
 * compile` makes. A step of sharing that is given such a host starts those
 * instead of the source; what the steps need beside them runs on the host below.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { ExecutablePaths } from "../compile/targets.ts";
import type { ExecutableName } from "../compile/targets.ts";
import type { ProgramName } from "../programs/task_arguments.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import { Host, type SpawnOptions } from "./host.ts";

const BARE_MACHINE = fromFileUrl(new URL("bare_machine.sh", import.meta.url));

/** The user nobody, who is no member of a group that owns anything. */
export const NOBODY = 65534;

/** Options for {@linkcode ExecutableHost}. */
export interface ExecutableHostOptions {
  /** What becomes the executable whose path it is given. */
  readonly launcher: readonly string[];
  /** The folder with the executables, which they run in. @default {the host's} */
  readonly folder?: string;
}

/** A host with executables in its folder. Its processes are those of the host below. */
export class ExecutableHost extends Host {
  readonly #host: Host;
  readonly #launcher: readonly string[];

  constructor(host: Host, options: ExecutableHostOptions) {
    const { name, address } = host;
    super({ name, address, folder: options.folder ?? host.folder });
    this.#host = host;
    this.#launcher = options.launcher;
  }

  /** Starts an executable here, by its file's name. */
  override spawn(
    program: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): RunningProgram {
    const path = this.path(program);
    const [first, ...rest] = [...this.#launcher, path, ...args];
    return this.#host.spawn(first!, rest, options);
  }

  /** Starts the executable that serves as a task's program. */
  override spawnTask(
    name: ProgramName,
    args: readonly string[],
    options: SpawnOptions = {},
  ): RunningProgram {
    switch (name) {
      case "tracker":
      case "peer":
        return this.spawn(name, args, options);
      case "create":
      case "show":
        return this.spawn("peer", [name, ...args], options);
      default:
        throw new TypeError(`Cannot run ${name}: it is no executable`);
    }
  }
}

/** Options for {@linkcode bareHost}. */
export interface BareHostOptions {
  readonly executables: ExecutablePaths;
  /** Those that the host has, and nothing else. */
  readonly programs: readonly ExecutableName[];
  /** The number of the user that they run as and of its group. @default {0} */
  readonly user?: number;
}

/**
 * A host as a machine where nothing is installed: no program, no library but
 * the C library, no environment, and a working folder that holds copies of the
 * executables and is the one place that can be written.
 */
export async function bareHost(
  host: Host,
  options: BareHostOptions,
): Promise<ExecutableHost> {
  const { executables, programs, user = 0 } = options;
  await Deno.chown(host.folder, user, user);
  for (const program of programs) {
    await Deno.copyFile(executables[program], host.path(program));
  }
  return new ExecutableHost(host, {
    launcher: ["sh", BARE_MACHINE, `${user}`],
  });
}
