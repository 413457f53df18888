/**
 * One connection to Redis. A Redis that is silent for too long counts as gone, and
 * what goes wrong becomes a {@linkcode StoreError} that says what to do.
 *
 * @module
 */
// @ts-types="../../types/redis.d.ts"
import { createClient, type RedisClient } from "redis";
import { StoreError } from "../../base/errors.ts";
import { formatPeerAddress } from "../../base/peer_address.ts";
import type { RoundFailure } from "./backed_store.ts";

/** Longest time until a connection works, as a multiple of that for a reply. */
const OPENING_REPLIES = 5;
/** Silence is measured in parts, so that a program that was suspended reads a waiting reply before it gives up. */
const PARTS_OF_SILENCE = 8;
/** Longest part of an unknown error that a message repeats, in characters. */
const MAX_TEXT_LENGTH = 200;

/** Reasons by a code of the system, or by the word that an error of Redis begins with. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
  EHOSTUNREACH: "the host is unreachable",
  ENETUNREACH: "the network is unreachable",
  ETIMEDOUT: "no answer in time",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be looked up",
  LOADING: "it is still reading its data",
  MISCONF: "it cannot save its data, so it takes none",
  NOAUTH: "it wants a password",
  NOPERM: "the user may not do all that is needed",
  OOM: "its memory is full",
  READONLY: "it is a replica, which cannot be written",
  WRONGPASS: "it takes no such user and password",
  WRONGTYPE: "keys that begin with lanswarm: hold something else; delete them",
};

/** Errors of Redis that end a tracker at its start, as the command line or that Redis must be changed. */
const LASTING = ["ERR", "NOAUTH", "NOPERM", "READONLY", "WRONGPASS"];

/** A Redis, and the user of it. */
export interface RedisAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly hostname: string;
  /** TCP port, 6379 by default. */
  readonly port: number;
  /** Number of the database in that Redis. */
  readonly database: number;
  /** `undefined` for the default user of Redis. */
  readonly username: string | undefined;
  /** `undefined` if Redis asks for none. */
  readonly password: string | undefined;
}

/** A connection, from its creation to its end. */
export class RedisConnection {
  readonly #client: RedisClient;
  readonly #maxReplyMs: number;
  readonly #end = Promise.withResolvers<never>();

  /** @param maxReplyMs Time for a reply, after which Redis counts as gone. */
  constructor(
    { hostname, port, ...database }: RedisAddress,
    maxReplyMs: number,
  ) {
    this.#maxReplyMs = maxReplyMs;
    const client = this.#client = createClient({
      // Every Redis speaks it, and nothing here is better with its successor.
      RESP: 2,
      ...database,
      disableClientInfo: true,
      disableOfflineQueue: true,
      maintNotifications: "disabled",
      socket: {
        host: hostname,
        port,
        connectTimeout: OPENING_REPLIES * maxReplyMs,
        // The store decides when to try again.
        reconnectStrategy: false,
      },
    });
    // Reported by `ask`, if anything is asked.
    this.#end.promise.catch(() => {});
    client.on("error", (error) => this.close(error));
  }

  /** Connects. @throws {Error} If Redis cannot be reached or is silent. */
  async open(): Promise<void> {
    await this.#within(
      OPENING_REPLIES * this.#maxReplyMs,
      this.#client.connect(),
    );
  }

  /**
   * Runs commands in their order, all sent at once.
   * @throws {Error} The first error of Redis, or that it is gone.
   */
  async ask(
    ...commands: readonly (readonly (string | number)[])[]
  ): Promise<unknown[]> {
    const replies = commands.map((words) =>
      this.#client.sendCommand(words.map(String))
    );
    return await this.#within(this.#maxReplyMs, Promise.all(replies));
  }

  async #within<T>(timeoutMs: number, reply: Promise<T>): Promise<T> {
    const silence = Promise.withResolvers<never>();
    let parts = 0;
    const timer = setInterval(() => {
      if (++parts <= PARTS_OF_SILENCE) return;
      silence.reject(new DOMException("No answer in time", "TimeoutError"));
    }, timeoutMs / PARTS_OF_SILENCE);
    try {
      return await Promise.race([reply, silence.promise, this.#end.promise]);
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends the connection; pending commands fail. */
  close(reason: unknown): void {
    this.#end.reject(reason);
    try {
      this.#client.destroy();
    } catch {
      // It was closed already.
    }
  }
}

/** The failure of a Redis at an address. `isFirst`: in the first round of the tracker. */
export function redisFailure(
  address: RedisAddress,
  { cause, isFirst }: { readonly cause: unknown; readonly isFirst: boolean },
): RoundFailure {
  const isLasting = cause instanceof Deno.errors.NotCapable ||
    isNoRedis(cause) || LASTING.includes(firstWord(cause));
  const place = formatPeerAddress(address);
  const consequence = isFirst && isLasting
    ? "give another --store, or change that Redis"
    : "the tracker goes on with what it knows and tries again";
  const message = `Cannot use Redis at ${place}: ${explain(cause)}`;
  const error = new StoreError(`${message}; ${consequence}`, { cause });
  return { error, isLasting };
}

function explain(cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) {
    return "the network is not permitted there";
  }
  if (isNoRedis(cause)) return "it does not answer as Redis does";
  const text = textOf(cause);
  if (/unknown command|syntax error/.test(text)) {
    return "it is older than version 6.2";
  }
  const { name, code } = Object(cause) as { name?: string; code?: string };
  if (name === "TimeoutError") return "no answer in time";
  return REASONS[firstWord(cause)] ?? REASONS[String(code)] ??
    text.replace(/^ERR /, "").replaceAll(/\p{Control}+/gu, " ")
      .slice(0, MAX_TEXT_LENGTH);
}

/** The package's words for what does not speak Redis's language. */
function isNoRedis(error: unknown): boolean {
  return textOf(error).startsWith("Unknown RESP type");
}

/** The first word of an error of Redis, if it is one in capitals. */
function firstWord(error: unknown): string {
  return /^[A-Z]+(?= |$)/.exec(textOf(error))?.[0] ?? "";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
