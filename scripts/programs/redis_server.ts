/**
 * A real `redis-server`, started on a free port of this machine with a folder of
 * its own, that can be killed, started again and held still.
 *
 * @module
 */
import { missingProgram } from "../clients/client.ts";
import { runCommand } from "./run_command.ts";
import { RunningProgram } from "./running_program.ts";

/** Why Redis cannot be used here, or undefined if it can. */
export const redisMissing: string | undefined = await missingProgram(
  "redis-server",
) ?? await missingProgram("redis-cli");

/** How often another port is tried, as somebody may take it between two moments. */
const PORT_ATTEMPTS = 5;

/** A Redis of a test's own. */
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
   * Starts it with nothing that was saved.
   * @param settings As on its command line: `["--requirepass", "secret"]`.
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

  /** What `--store` is given. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends it at once, without a chance to save anything. */
  async kill(): Promise<void> {
    await this.#program.stop("SIGKILL");
  }

  /** Starts it again after {@linkcode kill}, on the same port. */
  async restart(): Promise<void> {
    this.#program = await startProgram(
      this.port,
      this.#folder,
      this.#settings,
    );
  }

  /** Holds it still: it keeps its connections and says nothing. */
  pause(): void {
    this.#program.signal("SIGSTOP");
  }

  /** Lets it go on. */
  resume(): void {
    this.#program.signal("SIGCONT");
  }

  /** Runs a command by `redis-cli`, without regard to our own client. */
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
      // Nothing is saved unless the settings say so.
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
