/**
 * Hosts that run executables of `deno task compile` in place of the source, and the steps
 * of a machine with nothing installed that joins a share. Other programs run on the host
 * below.
 */
import { assert, assertEquals } from "@std/assert";
import { basename, fromFileUrl } from "@std/path";
import { exists } from "../clients/client.ts";
import type { ExecutableName, ExecutablePaths } from "../compile/targets.ts";
import type {
  ProgramOptions,
  RunningProgram,
} from "../programs/running_program.ts";
import type { ProgramName } from "../programs/tasks.ts";
import { Host } from "./host.ts";

const BARE_MACHINE = fromFileUrl(new URL("bare_machine.sh", import.meta.url));

export const NOBODY = 65534;

/** A host with executables in its folder. Its processes belong to the host below. */
export class ExecutableHost extends Host {
  readonly #host: Host;
  readonly #launcher: readonly string[];

  constructor(host: Host, options: {
    /** A command that executes the program whose path follows. */
    readonly launcher: readonly string[];
    /** The folder of the executables, in which they run. @default {the host's} */
    readonly folder?: string;
  }) {
    const { name, address } = host;
    super({ name, address, folder: options.folder ?? host.folder });
    this.#host = host;
    this.#launcher = options.launcher;
  }

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

/**
 * Creates a host like a machine on which nothing is installed: no program, no
 * library but the C library and no environment. Only its working folder, which has
 * links to the executables, can be written.
 */
export async function bareHost(
  host: Host,
  options: {
    readonly executables: ExecutablePaths;
    readonly programs: readonly ExecutableName[];
    /** Number of the user and group that they run as. @default {0} */
    readonly user?: number;
  },
): Promise<ExecutableHost> {
  const { executables, programs, user = 0 } = options;
  await Deno.chown(host.folder, user, user);
  for (const program of programs) {
    const [from, to] = [executables[program], host.path(program)];
    // A link, as each has 85 MiB; on another file system a copy.
    await Deno.link(from, to).catch(() => Deno.copyFile(from, to));
  }
  return new ExecutableHost(host, {
    launcher: ["sh", BARE_MACHINE, `${user}`],
  });
}

export const BUSYBOX = "/bin/busybox";

/**
 * Creates a host like {@linkcode bareHost} that has a shell, wget and the other
 * commands of busybox in place of our executables. `spawn("busybox", ["sh", …])`
 * starts the shell, which finds the commands in `bin`.
 */
export async function busyboxHost(
  host: Host,
  { executable, commands = [] }: {
    /** A program that needs the C library's files. */
    readonly executable: string;
    /** Paths of commands that it has beside those of busybox. @default {[]} */
    readonly commands?: readonly string[];
  },
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

export const CURL = "/usr/bin/curl";

const JOIN_TIMEOUT_MS = 180_000;

/** The reason why no machine can join here; `undefined` if one can. */
export async function joinUnavailableReason(): Promise<string | undefined> {
  for (const path of [BUSYBOX, CURL]) {
    if (!await exists(path)) return `${path} is not installed`;
  }
}

/**
 * Starts the executable's `share`; waits until everything is hashed.
 * @returns It, and the line that it prints for POSIX shells.
 */
export async function startShare(
  host: ExecutableHost,
  name: string,
): Promise<{ readonly program: RunningProgram; readonly line: string }> {
  const program = host.spawn("lanswarm", ["share", name]);
  const [line] = await program.stdout.waitFor(/curl .*$/);
  await program.stdout.waitFor(/ is ready/);
  return { program, line };
}

/**
 * Runs the join line on a host with busybox until the copy is complete.
 * @returns The time from the line to the first verified piece.
 */
export async function joinShare(
  host: ExecutableHost,
  line: string,
  { dir, hasCurl }: {
    readonly dir: string;
    /** True to run the line as it is, false to have wget in place of curl. */
    readonly hasCurl: boolean;
  },
): Promise<number> {
  assert(line.startsWith("curl -fsS ") && line.endsWith("| sh"), line);
  const command = hasCurl ? line : line.replace("curl -fsS", "wget -qO-");
  const flags = `-s -- --dir ${dir} --exit-when-complete --json`;
  const script = `export HOME=/work PATH=/work/bin; ${command} ${flags}`;
  const startMs = Date.now();
  const joining = host.spawn("busybox", ["sh", "-c", script]);
  const { input } = await joining.stdout.waitFor(
    /"pieceVerified"/,
    JOIN_TIMEOUT_MS,
  );
  const { code, stderr } = await joining.ended();
  assertEquals(code, 0, `${host.name}: ${stderr}`);
  return Date.parse(JSON.parse(input!).time) - startMs;
}
