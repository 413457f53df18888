/**
 * Runs the command of `--on-complete`, once for each torrent that becomes complete:
 * without a shell, and with the torrent's name and path in its environment. The
 * only file that starts processes.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import {
  type FdPressure,
  isDescriptorShortage,
  type Platform,
  platformOf,
  type Torrent,
  withDescriptor,
} from "../mod.ts";
import { ProgramError } from "./program_error.ts";

export interface CompletionOptions {
  readonly torrent: Torrent;
  readonly dir: string;
  /** Its standard output; ours may be JSON lines. */
  readonly stdout: "inherit" | "null";
  /** Frees file descriptors, of which a process needs several to start another. */
  readonly fdPressure: FdPressure;
  readonly onExit?: (code: number) => void;
}

/**
 * The program and arguments to start for `command`. A batch file on Windows needs
 * `cmd`, which Deno 2.5 and later no longer add. The word `call` keeps `cmd` from
 * reading a leading quote as one around the whole command.
 */
export function programFor(
  command: readonly string[],
  platform: Platform,
): readonly string[] {
  const isBatch = platform === "windows" && /\.(bat|cmd)$/i.test(command[0]!);
  return isBatch ? ["cmd", "/d", "/c", "call", ...command] : command;
}

/** The reason why a command cannot be started, and the remedy. */
export function startFailure(error: unknown, platform: Platform): string {
  if (isDescriptorShortage(error)) {
    return "too many files are open; raise the limit (ulimit -n); the download itself is complete";
  }
  const { message } = error as Error;
  return platform === "windows"
    ? `${message}; check --on-complete; commands of cmd, such as echo or copy, need cmd /c before them`
    : `${message}; check --on-complete`;
}

/**
 * Runs `command` for a torrent that became complete.
 * @throws {ProgramError} If it cannot be started or does not end with 0.
 */
export async function runCompletionCommand(
  command: readonly string[],
  { torrent, dir, stdout, fdPressure, onExit }: CompletionOptions,
): Promise<void> {
  const platform = platformOf(Deno.build.os);
  const [program, ...args] = programFor(command, platform);
  const toRun = new Deno.Command(program!, {
    args,
    env: {
      LANSWARM_NAME: torrent.name,
      LANSWARM_PATH: resolve(join(dir, torrent.name)),
      LANSWARM_INFO_HASH: torrent.infoHash,
    },
    stdin: "null",
    stdout,
  });
  let child: Deno.ChildProcess;
  try {
    child = await withDescriptor(async () => await toRun.spawn(), fdPressure);
  } catch (error) {
    const reason = startFailure(error, platform);
    throw new ProgramError(
      `cannot run ${command[0]} for ${torrent.name}: ${reason}`,
      { cause: error },
    );
  }
  const status = await child.status;
  onExit?.(status.code);
  if (!status.success) {
    throw new ProgramError(
      `cannot finish ${torrent.name}: the command ${
        command[0]
      } failed with exit code ${status.code}; the download itself is complete`,
    );
  }
}
