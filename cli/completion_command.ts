/**
 * The command that `--on-complete` names: run once for each torrent that becomes
 * complete, without a shell, with what it needs to know in its environment.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { type Platform, platformOf, type Torrent } from "../mod.ts";
import { ProgramError } from "./program_error.ts";

/** What a command is run for, and how. */
export interface CompletionOptions {
  readonly torrent: Torrent;
  /** The folder that the torrent is stored in. */
  readonly dir: string;
  /** What becomes of what it prints: stdout may be for programs to read. */
  readonly stdout: "inherit" | "null";
}

/**
 * What to start for `command`. A batch file is no program of its own on Windows:
 * Deno 2.5 and later leave it to whoever asks to call `cmd`. The word `call`
 * keeps `cmd` from taking a leading quote for one around the whole.
 */
export function programFor(
  command: readonly string[],
  platform: Platform,
): readonly string[] {
  const isBatch = platform === "windows" && /\.(bat|cmd)$/i.test(command[0]!);
  return isBatch ? ["cmd", "/d", "/c", "call", ...command] : command;
}

/** What to do when a command cannot be started. */
export function startAdvice(platform: Platform): string {
  return platform === "windows"
    ? "check --on-complete, and write cmd /c before what is no program, as echo or copy"
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
      `cannot finish ${torrent.name}: ${
        command[0]
      } ended with exit code ${status.code}; the download itself is complete`,
    );
  }
}
