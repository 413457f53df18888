/**
 * Runs the command of `--on-complete`, once for each torrent that becomes complete:
 * without a shell, and with the torrent's name and path in its environment. The
 * only file that starts processes.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { type Platform, platformOf, type Torrent } from "../mod.ts";
import { ProgramError } from "./program_error.ts";

/** Options of {@linkcode runCompletionCommand}. */
export interface CompletionOptions {
  readonly torrent: Torrent;
  /** The folder that the torrent is stored in. */
  readonly dir: string;
  /** Its standard output; ours may be JSON lines. */
  readonly stdout: "inherit" | "null";
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

/** The remedy for a command that cannot be started. */
export function startAdvice(platform: Platform): string {
  return platform === "windows"
    ? "check --on-complete; commands of cmd, such as echo or copy, need cmd /c before them"
    : "check --on-complete";
}

/**
 * Runs `command` for a torrent that became complete.
 * @throws {ProgramError} If it cannot be started or does not end with 0.
 */
export async function runCompletionCommand(
  command: readonly string[],
  { torrent, dir, stdout }: CompletionOptions,
): Promise<void> {
  const platform = platformOf(Deno.build.os);
  const [program, ...args] = programFor(command, platform);
  let status: Deno.CommandStatus;
  try {
    status = await new Deno.Command(program!, {
      args,
      env: {
        LANSWARM_NAME: torrent.name,
        LANSWARM_PATH: resolve(join(dir, torrent.name)),
        LANSWARM_INFO_HASH: torrent.infoHash,
      },
      stdin: "null",
      stdout,
    }).spawn().status;
  } catch (error) {
    throw new ProgramError(
      `cannot run ${command[0]} for ${torrent.name}: ${
        (error as Error).message
      }; ${startAdvice(platform)}`,
      { cause: error },
    );
  }
  if (!status.success) {
    throw new ProgramError(
      `cannot finish ${torrent.name}: the command ${
        command[0]
      } failed with exit code ${status.code}; the download itself is complete`,
    );
  }
}
