/**
 * A real `redis-server` on a free port of this machine, with a folder of its own. It
 * can be killed, restarted and paused. Tests that need one are registered here.
 */
import { missingProgram } from "../../scripts/clients/client.ts";
import {
  runChecked,
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import { freePort } from "../loopback/machine.ts";
import { testUnless } from "../test_unless.ts";

/** The reason why Redis cannot be used; undefined if it can. */
export const redisMissing: string | undefined = await missingProgram(
  "redis-server",
) ?? await missingProgram("redis-cli");

/** Attempts with other ports: another program may take a free one. */
const PORT_ATTEMPTS = 5;

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #start: Parameters<typeof startServer>[0];
  #program: RunningProgram;

  private constructor(
    start: { port: number; folder: string; settings: readonly string[] },
    program: RunningProgram,
  ) {
    this.port = start.port;
    this.#start = start;
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
      // While the server is not running, no connection gets its port.
      const start = { port: freePort(), folder, settings };
      try {
        return new RedisServer(start, await startServer(start));
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
    this.#program = await startServer(this.#start);
  }

  /** Pauses the server: it keeps its connections and does not answer. */
  pause(): void {
    this.#program.signal("SIGSTOP");
  }

  resume(): void {
    this.#program.signal("SIGCONT");
  }

  /** Runs a command by `redis-cli`, not by our own client. */
  async command(...args: string[]): Promise<string> {
    const stdout = await runChecked("redis-cli", [
      ...["-h", "127.0.0.1", "-p", String(this.port), "--no-auth-warning"],
      ...args,
    ]);
    return stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#start.folder, { recursive: true });
  }
}

async function startServer({ port, folder, settings }: {
  readonly port: number;
  readonly folder: string;
  readonly settings: readonly string[];
}): Promise<RunningProgram> {
  const program = startProgram("redis-server", [
    ...["redis-server", "--port", String(port), "--bind", "127.0.0.1"],
    // The settings may switch saving on again.
    ...["--dir", folder, "--save", "", "--appendonly", "no"],
    ...["--daemonize", "no", ...settings],
  ]);
  try {
    await program.stdout.waitFor(/Ready to accept connections/);
    return program;
  } catch (error) {
    await program.stop("SIGKILL");
    throw error;
  }
}

/** Registers a test with a Redis of its own, which is empty. */
export function redisTest(
  name: string,
  fn: (redis: RedisServer) => Promise<void>,
  settings: readonly string[] = [],
): void {
  testUnless(redisMissing, name, async () => {
    await using redis = await RedisServer.start(settings);
    await fn(redis);
  });
}
