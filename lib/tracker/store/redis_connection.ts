/**
 * One connection to Redis, from when all that is needed of it is known to work
 * until it fails. Whoever asks hears something before long: a Redis that is silent
 * for longer counts as gone, and with it all that was asked.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
// @ts-types="../../types/node_buffer.d.ts"
import { Buffer } from "node:buffer";
// @ts-types="../../types/redis.d.ts"
import { createClient, type RedisClient } from "redis";
import { ANNOUNCE_SCRIPT } from "./announce_script.ts";
import {
  PEERS_SCRIPT,
  RESTORE_SCRIPT,
  SWARMS_SCRIPT,
  TIDY_SCRIPT,
  TOTALS_SCRIPT,
} from "./listing_scripts.ts";
import { SilentRedisError, UnusableRedisError } from "./redis_failure.ts";
import type { RedisAddress } from "./store_address.ts";

/** Longest time until a connection works, in milliseconds: meanwhile nobody waits for it. */
const OPENING_MS = 5_000;

/**
 * How often it is looked whether answers came, in each span without one that is
 * waited for. Silence is counted in looks: a program that was itself held up for
 * a second has not looked, and finds the answer there.
 */
const LOOKS_PER_SILENCE = 8;

/** The first with all of the commands that the scripts use. */
const OLDEST_VERSION = [6, 2] as const;

const SCRIPTS = {
  announce: ANNOUNCE_SCRIPT,
  swarms: SWARMS_SCRIPT,
  totals: TOTALS_SCRIPT,
  peers: PEERS_SCRIPT,
  restore: RESTORE_SCRIPT,
  tidy: TIDY_SCRIPT,
};

/** A script that Redis is asked to run. */
export type ScriptName = keyof typeof SCRIPTS;

/** What a script is given. */
export type ScriptArgument = string | Uint8Array<ArrayBuffer>;

/** Replies are bytes: what is in them is no text. */
const AS_BYTES = { typeMapping: { [0x24 /* $ */]: Buffer } };

/** How a {@linkcode RedisConnection} is opened. */
export interface RedisConnectionOptions {
  /** Longest silence, in milliseconds, after which Redis counts as gone. */
  readonly maxSilenceMs: number;
}

/** A connection that works. */
export class RedisConnection {
  readonly #client: RedisClient;
  /** The scripts' names in Redis. */
  #hashes = new Map<ScriptName, string>();
  /** How often it was looked for answers. */
  #lookCount = 0;
  /** At which look each question without an answer was asked, in their order. */
  readonly #askedAtLook: number[] = [];
  readonly #end = Promise.withResolvers<unknown>();
  /** The first reason to close. */
  #endReason: unknown;
  #watch: ReturnType<typeof setInterval> | undefined;
  #runId = "";

  private constructor(client: RedisClient) {
    this.#client = client;
    client.on("error", (error) => this.close(asUnusable(error)));
  }

  /**
   * Connects and sees that Redis can do what is needed.
   * @throws {Error} If it cannot be reached, is silent or of no use.
   */
  static async open(
    address: RedisAddress,
    { maxSilenceMs }: RedisConnectionOptions,
  ): Promise<RedisConnection> {
    const { hostname, port, database, username, password } = address;
    const client = createClient({
      // What is known to every Redis; nothing here is better with its successor.
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
        // Whoever opens a connection decides when to try again.
        reconnectStrategy: false,
      },
    });
    const connection = new RedisConnection(client);
    try {
      await deadline(connection.#prepare(), OPENING_MS);
    } catch (error) {
      const isTimeout = error instanceof DOMException &&
        error.name === "TimeoutError";
      connection.close(
        isTimeout ? new SilentRedisError("no answer in time") : error,
      );
      throw connection.#endReason;
    }
    connection.#watch = setInterval(
      () => connection.#closeIfSilent(),
      maxSilenceMs / (LOOKS_PER_SILENCE + 1),
    );
    return connection;
  }

  /** Another one after each start of Redis, which may have lost what it knew. */
  get runId(): string {
    return this.#runId;
  }

  /** Resolves with the reason when the connection has ended. */
  get ended(): Promise<unknown> {
    return this.#end.promise;
  }

  /**
   * Runs a script; what is asked at once goes out together.
   * @returns The reply with bytes as `Uint8Array`, views.
   * @throws {Error} What Redis answers, or that it is gone.
   */
  async run(
    name: ScriptName,
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    this.#askedAtLook.push(this.#lookCount);
    try {
      return await this.#evaluate(name, args);
    } catch (error) {
      // Somebody made Redis forget all scripts; it is reminded of them.
      if (!(error instanceof Error && /^NOSCRIPT/.test(error.message))) {
        throw error;
      }
      await this.#load();
      return await this.#evaluate(name, args);
    } finally {
      this.#askedAtLook.shift();
    }
  }

  /** Ends the connection; what was asked fails. */
  close(reason: unknown): void {
    clearInterval(this.#watch);
    this.#endReason ??= reason;
    this.#end.resolve(reason);
    try {
      this.#client.destroy();
    } catch {
      // It says so if it was closed already.
    }
  }

  async #evaluate(
    name: ScriptName,
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    const hash = this.#hashes.get(name)!;
    const command = ["EVALSHA", hash, "0", ...args.map(asNodeHasIt)];
    return asPlainBytes(await this.#client.sendCommand(command, AS_BYTES));
  }

  async #prepare(): Promise<void> {
    await this.#client.connect();
    const server = String(await this.#client.sendCommand(["INFO", "server"]));
    checkVersion(/^redis_version:(.*)$/m.exec(server)?.[1]?.trim());
    this.#runId = /^run_id:(\w+)/m.exec(server)?.[1] ?? "";
    await this.#load();
  }

  async #load(): Promise<void> {
    const names = Object.keys(SCRIPTS) as ScriptName[];
    const hashes = await Promise.all(
      names.map((name) =>
        this.#client.sendCommand(["SCRIPT", "LOAD", SCRIPTS[name]])
      ),
    );
    this.#hashes = new Map(
      names.map((name, index) => [name, String(hashes[index])]),
    );
  }

  #closeIfSilent(): void {
    const askedAtLook = this.#askedAtLook[0] ?? this.#lookCount;
    if (this.#lookCount++ - askedAtLook < LOOKS_PER_SILENCE) return;
    this.close(new SilentRedisError("no answer in time"));
  }
}

/** The package takes no bytes but those of the class that Node has for them. */
function asNodeHasIt(argument: ScriptArgument): string | Uint8Array {
  return typeof argument === "string"
    ? argument
    : Buffer.from(argument.buffer, argument.byteOffset, argument.length);
}

/** What does not speak Redis's language is none. */
function asUnusable(error: Error): Error {
  return error.message.startsWith("Unknown RESP type")
    ? new UnusableRedisError("it does not answer as Redis does")
    : error;
}

/** Node's bytes have a `slice()` that does not copy, which is a trap for who takes them for others. */
function asPlainBytes(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(asPlainBytes);
  return reply instanceof Uint8Array
    ? new Uint8Array(reply.buffer, reply.byteOffset, reply.length)
    : reply;
}

/** @throws {UnusableRedisError} If it is too old or none. */
function checkVersion(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  if (
    major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
  ) return;
  throw new UnusableRedisError(
    version === undefined
      ? "it does not say its version"
      : `it is of version ${version}, and ${
        OLDEST_VERSION.join(".")
      } is needed`,
  );
}
