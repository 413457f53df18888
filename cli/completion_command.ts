/**
 * The command that `--on-complete` names: run once for each torrent that becomes
 * complete, without a shell, with what it needs to know in its environment.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import type { Torrent } from "../mod.ts";
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
 * Runs `command` for a torrent that became complete.
 * @throws {ProgramError} If it cannot be started or does not end with 0.
 */
export async function runCompletionCommand(
  command: readonly string[],
  { torrent, dir, stdout }: CompletionOptions,
): Promise<void> {
  const [program, ...args] = command;
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
      `cannot run ${program} for ${torrent.name}: ${
        (error as Error).message
      }; check --on-complete`,
      { cause: error },
    );
  }
  if (!status.success) {
    throw new ProgramError(
      `cannot finish ${torrent.name}: ${program} ended with exit code ${status.code}; the download itself is complete`,
    );
  }
}
