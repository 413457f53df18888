/**
 * A real `redis-server` on a free port of this machine, with a folder of its own. It
 * can be killed, restarted and paused.
 *
 * @module
 */
import { missingProgram } from "../clients/client.ts";
import { runCommand, RunningProgram } from "./running_program.ts";

/** The reason why Redis cannot be used; undefined if it can. */
export const redisMissing: string | undefined = await missingProgram(
  "redis-server",
) ?? await missingProgram("redis-cli");

/** Attempts with other ports: another program may take a free one. */
const PORT_ATTEMPTS = 5;

/** A Redis server for one test. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #program: RunningProgram;

  private constructor(
    { port, folder, settings, program }: {
      readonly port: number;
      readonly folder: string;
      readonly settings: readonly string[];
      readonly program: RunningProgram;
    },
  ) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
    this.#program = program;
  }

  /**
   * Starts an empty server.
   * @param settings Arguments of its command line: `["--requirepass", "secret"]`.
   * @throws {Error} If it does not start.
   */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const folder = await Deno.makeTempDir({ prefix: "lanswarm-redis-" });
    for (let attempt = 1;; attempt++) {
      const port = freePort();
      try {
        const program = await startProgram(port, folder, settings);
        return new RedisServer({ port, folder, settings, program });
      } catch (error) {
        if (attempt === PORT_ATTEMPTS) {
          await Deno.remove(folder, { recursive: true });
          throw error;
        }
      }
    }
  }

  /** The value for `--store`. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Kills the server, which saves nothing then. */
  async kill(): Promise<void> {
    await this.#program.stop("SIGKILL");
  }

  /** Starts the server again on the same port, after {@linkcode kill}. */
  async restart(): Promise<void> {
    this.#program = await startProgram(
      this.port,
      this.#folder,
      this.#settings,
    );
  }

  /** Pauses the server: it keeps its connections and does not answer. */
  pause(): void {
    this.#program.signal("SIGSTOP");
  }

  /** Ends a pause. */
  resume(): void {
    this.#program.signal("SIGCONT");
  }

  /** Runs a command by `redis-cli`, not by our own client. */
  async command(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand("redis-cli", [
      ...["-h", "127.0.0.1", "-p", String(this.port), "--no-auth-warning"],
      ...args,
    ]);
    if (code !== 0) throw new Error(`redis-cli failed: ${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function startProgram(
  port: number,
  folder: string,
  settings: readonly string[],
): Promise<RunningProgram> {
  const command = new Deno.Command("redis-server", {
    args: [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      // The settings may switch saving on again.
      ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
      ...settings,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const program = new RunningProgram("redis-server", command.spawn());
  try {
    await program.stdout.waitFor(/Ready to accept connections/);
    return program;
  } catch (error) {
    await program.stop("SIGKILL");
    throw error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
