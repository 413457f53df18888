/**
 * Turns what goes wrong with Redis into a {@linkcode StoreError} a person can act
 * on, and tells what trying again may mend from what it will not.
 *
 * @module
 */
import { StoreError } from "../../base/errors.ts";
import { formatRedisAddress, type RedisAddress } from "./store_address.ts";

/** Longest part of a strange error's text that is repeated, in characters. */
const MAX_TEXT_LENGTH = 200;

/** What the system says of a connection, by its codes. */
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

/**
 * Errors with which Redis answers and that no other tracker's data is the reason
 * of: while it gives one, it is as good as gone.
 */
const REFUSALS: Readonly<Record<string, string>> = {
  LOADING: "it is still reading its data",
  BUSY: "it is busy with another's script",
  MISCONF: "it cannot save its data, so it takes none",
  OOM: "its memory is full",
  READONLY: "it is a replica, which may not be written",
  MASTERDOWN: "it is a replica without its master",
  NOREPLICAS: "it lacks the replicas that it wants",
  CLUSTERDOWN: "its cluster is down",
  NOAUTH: "it wants a password",
  WRONGPASS: "it takes no such user and password",
  NOPERM: "the user may not do all that is needed",
};

/** Refusals that are there from the start and stay: the command line is to be changed. */
const LASTING_REFUSALS: ReadonlySet<string> = new Set([
  "ERR",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
  "READONLY",
]);

/** Redis was reached and is of no use. */
export class UnusableRedisError extends Error {
  override readonly name = "UnusableRedisError";
}

/** Redis gave no answer in time. */
export class SilentRedisError extends Error {
  override readonly name = "SilentRedisError";
}

/** Whether Redis answers so because of its own state, and not of what it was asked. */
export function isRefusal(message: string): boolean {
  return Object.hasOwn(REFUSALS, codeOf(message));
}

/** Whether trying again is in vain until somebody changes something. */
export function isLasting(error: unknown): boolean {
  return error instanceof UnusableRedisError ||
    error instanceof Deno.errors.NotCapable ||
    LASTING_REFUSALS.has(codeOf(textOf(error)));
}

/** The error for a Redis that cannot be used, with what follows from it. */
export function redisFailure(
  address: RedisAddress,
  cause: unknown,
  consequence: string,
): StoreError {
  return new StoreError(
    `Cannot use Redis at ${formatRedisAddress(address)}: ${
      explain(cause)
    }; ${consequence}`,
    { cause },
  );
}

function explain(cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) {
    return "the network is not permitted there";
  }
  const message = textOf(cause);
  const refusal = REFUSALS[codeOf(message)];
  if (refusal !== undefined) return refusal;
  const code = cause instanceof Error && "code" in cause ? cause.code : "";
  return CONNECTION_FAILURES[String(code)] ??
    message.replace(/^ERR /, "").replaceAll(/\p{Control}+/gu, " ")
      .slice(0, MAX_TEXT_LENGTH);
}

/** The first word of an error of Redis, if it is one of those in capitals. */
function codeOf(message: string): string {
  return /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? "";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
