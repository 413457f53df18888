/**
 * Runs the commands of `--on-complete`, once for each torrent that becomes complete,
 * and `--on-file`, for each of its files: without a shell, and with the torrent's name
 * and path in its environment. The only file that starts processes.
 */
import { join, resolve } from "@std/path";
import { withDescriptor } from "../lib/peers.ts";
import {
  type FdPressure,
  isDescriptorShortage,
  type Platform,
  platformOf,
  type Torrent,
} from "../lib/torrents.ts";
import type { Console } from "./console.ts";
import type { PeerJob } from "./peer_job.ts";
import { ProgramError } from "./program_error.ts";

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

export interface CompletionCommandsOptions {
  readonly job: Pick<PeerJob, "dir" | "json" | "onComplete" | "onFile">;
  readonly context: { readonly console: Pick<Console, "suspendBlock"> };
  /** Frees file descriptors, of which a process needs several to start another. */
  readonly session: { readonly fdPressure: FdPressure };
  /** Ends the commands that have not begun. */
  readonly signal: AbortSignal;
  readonly onFailed: (error: ProgramError) => void;
}

/** The commands of one torrent, one after another. */
export class CompletionCommands {
  readonly #torrent: Torrent;
  readonly #options: CompletionCommandsOptions;
  /** Resolves when the commands for files are over. */
  #forFiles: Promise<unknown> = Promise.resolve();

  constructor(torrent: Torrent, options: CompletionCommandsOptions) {
    this.#torrent = torrent;
    this.#options = options;
  }

  /** Runs the command of `--on-file` for a file that is complete, by its path below the folder. */
  runForFile(path: readonly string[]): void {
    const { job: { onFile }, signal } = this.#options;
    if (onFile === undefined) return;
    this.#forFiles = this.#forFiles.then(() =>
      signal.aborted ? undefined : this.#run(onFile, path)
    );
  }

  /** Runs the command of `--on-complete`; its exit code, if there was one. */
  async run(): Promise<number | undefined> {
    await this.#forFiles;
    const { onComplete } = this.#options.job;
    return onComplete && await this.#run(onComplete);
  }

  async #run(
    command: readonly string[],
    file?: readonly string[],
  ): Promise<number | undefined> {
    const { job: { dir, json }, context, session, onFailed } = this.#options;
    const { name, infoHash } = this.#torrent;
    const platform = platformOf(Deno.build.os);
    const [program, ...args] = programFor(command, platform);
    const toRun = new Deno.Command(program!, {
      args,
      env: {
        LANSWARM_NAME: name,
        LANSWARM_PATH: resolve(join(dir, name)),
        LANSWARM_INFO_HASH: infoHash,
        ...file && { LANSWARM_FILE: resolve(join(dir, ...file)) },
      },
      stdin: "null",
      // Ours may be JSON lines.
      stdout: json ? "null" : "inherit",
    });
    // The command writes to the same terminal.
    using _ = await context.console.suspendBlock();
    let child: Deno.ChildProcess;
    try {
      child = await withDescriptor(
        async () => await toRun.spawn(),
        session.fdPressure,
      );
    } catch (cause) {
      const reason = startFailure(cause, platform);
      const text = `cannot run ${command[0]} for ${name}: ${reason}`;
      onFailed(new ProgramError(text, { cause }));
      return undefined;
    }
    const { code, success } = await child.status;
    if (!success) {
      const failure = `the command ${command[0]} failed with exit code ${code}`;
      const text =
        `cannot finish ${name}: ${failure}; the download itself is complete`;
      onFailed(new ProgramError(text));
    }
    return code;
  }
}
