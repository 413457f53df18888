/**
 * Hosts that run executables of `deno task compile` in place of the source. Other
 * programs run on the host below.
 *
 * @module
 */
import { basename, fromFileUrl } from "@std/path";
import type { ExecutableName, ExecutablePaths } from "../compile/targets.ts";
import type { ProgramName } from "../programs/tasks.ts";
import type {
  ProgramOptions,
  RunningProgram,
} from "../programs/running_program.ts";
import { Host } from "./host.ts";

const BARE_MACHINE = fromFileUrl(new URL("bare_machine.sh", import.meta.url));

/** The user nobody, who owns nothing. */
export const NOBODY = 65534;

/** Options for {@linkcode ExecutableHost}. */
export interface ExecutableHostOptions {
  /** A command that executes the program whose path follows. */
  readonly launcher: readonly string[];
  /** The folder of the executables, in which they run. @default {the host's} */
  readonly folder?: string;
}

/** A host with executables in its folder. Its processes belong to the host below. */
export class ExecutableHost extends Host {
  readonly #host: Host;
  readonly #launcher: readonly string[];

  constructor(host: Host, options: ExecutableHostOptions) {
    const { name, address } = host;
    super({ name, address, folder: options.folder ?? host.folder });
    this.#host = host;
    this.#launcher = options.launcher;
  }

  /** Starts an executable by its file name. */
  override spawn(
    program: string,
    args: readonly string[],
    options: ProgramOptions = {},
  ): RunningProgram {
    const path = this.path(program);
    const [first, ...rest] = [...this.#launcher, path, ...args];
    return this.#host.spawn(first!, rest, options);
  }

  /** Starts the executable with the program of a task; `peer` has all but `tracker`. */
  override spawnTask(
    name: ProgramName,
    args: readonly string[],
    options: ProgramOptions = {},
  ): RunningProgram {
    return name === "tracker"
      ? this.spawn("tracker", args, options)
      : this.spawn("peer", name === "peer" ? args : [name, ...args], options);
  }
}

/** Options for {@linkcode bareHost}. */
export interface BareHostOptions {
  readonly executables: ExecutablePaths;
  /** The executables that the host has. */
  readonly programs: readonly ExecutableName[];
  /** Number of the user and group that they run as. @default {0} */
  readonly user?: number;
}

/**
 * Creates a host like a machine on which nothing is installed: no program, no
 * library but the C library and no environment. Only its working folder, which has
 * copies of the executables, can be written.
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

/** The shell and commands of {@linkcode busyboxHost}. */
export const BUSYBOX = "/bin/busybox";

/** Options for {@linkcode busyboxHost}. */
export interface BusyboxHostOptions {
  /** A program that needs the C library's files. */
  readonly executable: string;
  /** Paths of commands that it has beside those of busybox. @default {[]} */
  readonly commands?: readonly string[];
}

/**
 * Creates a host like {@linkcode bareHost} that has a shell, wget and the other
 * commands of busybox in place of our executables. `spawn("busybox", ["sh", …])`
 * starts the shell, which finds the commands in `bin`.
 */
export async function busyboxHost(
  host: Host,
  { executable, commands = [] }: BusyboxHostOptions,
): Promise<ExecutableHost> {
  await Deno.copyFile(BUSYBOX, host.path("busybox"));
  await Deno.mkdir(host.path("bin"));
  const { stdout } = await host.run(BUSYBOX, ["--list"]);
  for (const applet of stdout.split("\n").filter((line) => line !== "")) {
    await Deno.symlink("../busybox", host.path("bin", applet));
  }
  for (const path of commands) {
    await Deno.copyFile(path, host.path("bin", basename(path)));
  }
  const libraries = [executable, ...commands].join(" ");
  return new ExecutableHost(host, {
    launcher: [
      ...["env", `LIBRARIES_OF=${libraries}`],
      ...["sh", BARE_MACHINE, "0"],
    ],
  });
}
