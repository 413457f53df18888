/**
 * One connection to Redis, from the check that Redis is of use until it fails. A
 * Redis that is silent for too long counts as gone. Failures become a
 * {@linkcode StoreError} with what to do.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
// @ts-types="../../types/redis.d.ts"
import { createClient, type RedisClient } from "redis";
import { StoreError } from "../../base/errors.ts";
import { formatRedisAddress, type RedisAddress } from "./store_address.ts";

/** Longest time until a connection works. */
const OPENING_MS = 5_000;

/** The first version with all of the commands that are used. */
const OLDEST_VERSION = [6, 2] as const;

/**
 * Parts of a silence that must all pass without a reply: a program that was held
 * up itself for a second finds the reply before the next part.
 */
const PARTS_OF_SILENCE = 8;

/** Longest part of an unknown error that a message repeats, in characters. */
const MAX_TEXT_LENGTH = 200;

/** Failures of the connection, by the system's codes. */
const CONNECTION_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  ETIMEDOUT: "no answer in time",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be looked up",
};

/** Errors of Redis, by the words that they begin with. */
const REFUSALS: Readonly<Record<string, string>> = {
  LOADING: "it is still reading its data",
  BUSY: "it is busy with another program's script",
  MISCONF: "it cannot save its data, so it takes none",
  OOM: "its memory is full",
  READONLY: "it is a replica, which cannot be written",
  MASTERDOWN: "it is a replica without its master",
  NOREPLICAS: "it lacks the replicas that it wants",
  CLUSTERDOWN: "its cluster is down",
  NOAUTH: "it wants a password",
  WRONGPASS: "it takes no such user and password",
  NOPERM: "the user may not do all that is needed",
  WRONGTYPE:
    "other data is in its keys that begin with lanswarm: ; delete them",
};

/** Refusals that last: somebody must change the command line or that Redis. */
const LASTING_REFUSALS: ReadonlySet<string> = new Set([
  "ERR",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
  "READONLY",
]);

/** Redis was reached and is of no use. */
class UnusableRedisError extends Error {}

/** A connection that works. */
export class RedisConnection {
  readonly #client: RedisClient;
  readonly #maxSilenceMs: number;
  readonly #end = Promise.withResolvers<never>();

  private constructor(client: RedisClient, maxSilenceMs: number) {
    this.#client = client;
    this.#maxSilenceMs = maxSilenceMs;
    // Told to whoever asks, if anyone does.
    this.#end.promise.catch(() => {});
    client.on("error", (error) => this.close(error));
  }

  /**
   * Connects.
   * @param maxSilenceMs Silence after which Redis counts as gone.
   * @throws {Error} If Redis cannot be reached, is silent or of no use.
   */
  static async open(
    { hostname, port, database, username, password }: RedisAddress,
    maxSilenceMs: number,
  ): Promise<RedisConnection> {
    const client = createClient({
      // Every Redis speaks it, and nothing here is better with its successor.
      RESP: 2,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      database,
      disableClientInfo: true,
      disableOfflineQueue: true,
      maintNotifications: "disabled",
      socket: {
        host: hostname,
        port,
        connectTimeout: OPENING_MS,
        // The store decides when to try again.
        reconnectStrategy: false,
      },
    });
    const connection = new RedisConnection(client, maxSilenceMs);
    try {
      await Promise.race([
        deadline(prepare(client), OPENING_MS),
        connection.#end.promise,
      ]);
      return connection;
    } catch (error) {
      connection.close(error);
      throw error;
    }
  }

  /**
   * Runs commands in their order; what is asked at once goes out together.
   * @throws {Error} The first error of Redis, or that it is gone.
   */
  async ask(commands: readonly string[][]): Promise<unknown[]> {
    const silence = Promise.withResolvers<never>();
    let parts = 0;
    const timer = setInterval(() => {
      if (++parts > PARTS_OF_SILENCE) {
        silence.reject(new DOMException("No answer in time", "TimeoutError"));
      }
    }, this.#maxSilenceMs / PARTS_OF_SILENCE);
    try {
      return await Promise.race([
        Promise.all(commands.map((words) => this.#client.sendCommand(words))),
        silence.promise,
        this.#end.promise,
      ]);
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends the connection; what is asked fails. */
  close(reason: unknown): void {
    this.#end.reject(reason);
    try {
      this.#client.destroy();
    } catch {
      // It was closed already.
    }
  }
}

/** @throws {UnusableRedisError} If it is too old or none. */
async function prepare(client: RedisClient): Promise<void> {
  await client.connect();
  const server = String(await client.sendCommand(["INFO", "server"]));
  const version = /^redis_version:(\S+)/m.exec(server)?.[1];
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  const isUsable = major > oldestMajor ||
    (major === oldestMajor && minor >= oldestMinor);
  if (isUsable) return;
  throw new UnusableRedisError(
    version === undefined
      ? "it does not say its version"
      : `its version is ${version} and must be at least ${
        OLDEST_VERSION.join(".")
      }`,
  );
}

/** True if trying again is in vain until somebody changes something. */
export function isLasting(error: unknown): boolean {
  return isNoRedis(error) || error instanceof UnusableRedisError ||
    error instanceof Deno.errors.NotCapable ||
    LASTING_REFUSALS.has(codeOf(error));
}

/** The error for a Redis that cannot be used, with its consequence. */
export function redisFailure(
  address: RedisAddress,
  cause: unknown,
  consequence: string,
): StoreError {
  const place = formatRedisAddress(address);
  return new StoreError(
    `Cannot use Redis at ${place}: ${explain(cause)}; ${consequence}`,
    { cause },
  );
}

function explain(cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) {
    return "the network is not permitted there";
  }
  if (isNoRedis(cause)) return "it does not answer as Redis does";
  const isTimeout = cause instanceof DOMException &&
    cause.name === "TimeoutError";
  if (isTimeout) return "no answer in time";
  const code = cause instanceof Error && "code" in cause ? cause.code : "";
  return REFUSALS[codeOf(cause)] ?? CONNECTION_FAILURES[String(code)] ??
    textOf(cause).replace(/^ERR /, "").replaceAll(/\p{Control}+/gu, " ")
      .slice(0, MAX_TEXT_LENGTH);
}

/** The package's words for what does not speak Redis's language. */
function isNoRedis(error: unknown): boolean {
  return textOf(error).startsWith("Unknown RESP type");
}

/** The first word of an error of Redis, if it is one in capitals. */
function codeOf(error: unknown): string {
  return /^[A-Z]+(?= |$)/.exec(textOf(error))?.[0] ?? "";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
