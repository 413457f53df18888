/**
 * The steps of a machine with nothing installed that joins a share by the line that
 * the share prints.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { RunningProgram } from "../programs/running_program.ts";
import { exists } from "../clients/client.ts";
import { BUSYBOX, type ExecutableHost } from "./executable_host.ts";

/** The command of the join line. */
export const CURL = "/usr/bin/curl";

const JOIN_TIMEOUT_MS = 180_000;

/** The reason why no machine can join here; `undefined` if one can. */
export async function joinUnavailableReason(): Promise<string | undefined> {
  for (const path of [BUSYBOX, CURL]) {
    if (!await exists(path)) return `${path} is not installed`;
  }
}

/** A running share, and the line that it prints for POSIX shells. */
export interface JoinableShare {
  readonly program: RunningProgram;
  readonly line: string;
}

/** Starts the executable's `share`; waits until everything is hashed. */
export async function startShare(
  host: ExecutableHost,
  name: string,
): Promise<JoinableShare> {
  const program = host.spawn("lanswarm", ["share", name]);
  const [line] = await program.stdout.waitFor(/curl .*$/);
  await program.stdout.waitFor(/ is ready/);
  return { program, line };
}

/** Options for {@linkcode joinShare}. */
export interface JoinOptions {
  /** The folder for the copy. */
  readonly dir: string;
  /** True to run the line as it is, false to have wget in place of curl. */
  readonly hasCurl: boolean;
}

/**
 * Runs the join line on a host with busybox until the copy is complete.
 * @returns The time from the line to the first verified piece, in milliseconds.
 */
export async function joinShare(
  host: ExecutableHost,
  line: string,
  { dir, hasCurl }: JoinOptions,
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
