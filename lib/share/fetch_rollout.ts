/**
 * Fetches the rollouts of a machine that shares. What it says is checked as far as it
 * is used, as any host may answer.
 *
 * @module
 */
import { FetchError, ProtocolError } from "../base/errors.ts";
import { joinSignals } from "../base/join_signals.ts";
import { HttpError, httpGet } from "../net/http_get.ts";
import { ROLLOUT_STATES } from "./host_state.ts";
import type { RolloutDocument } from "./rollout_document.ts";

/** Longest document that is read, in bytes: one of 10,000 hosts has 4 MiB. */
const MAX_LENGTH = 16 * 1024 * 1024;
/** Longest wait for an answer, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** A share without its hosts, as the list has it. */
export type RolloutSummary = Omit<RolloutDocument, "version" | "hosts">;

/**
 * Fetches the list of the shares at an origin, `http://192.168.1.10:8000`.
 * @throws {FetchError} If there is none.
 */
export async function fetchRollouts(
  origin: string,
  signal?: AbortSignal,
): Promise<RolloutSummary[]> {
  const list = await fetchJson(`${origin}/api/v1/shares`, signal);
  const shares = list.shares;
  if (Array.isArray(shares) && shares.every(isSummary)) return shares;
  throw failure(origin, "the list of shares is malformed");
}

/**
 * Fetches one share with its hosts.
 * @throws {FetchError} If there is none.
 */
export async function fetchRollout(
  origin: string,
  id: string,
  signal?: AbortSignal,
): Promise<RolloutDocument> {
  const url = `${origin}/api/v1/shares/${encodeURIComponent(id)}`;
  const document = await fetchJson(url, signal);
  const { hosts } = document;
  if (isSummary(document) && Array.isArray(hosts) && hosts.every(isHost)) {
    return { ...document, version: 1, hosts };
  }
  throw failure(origin, "the share is malformed");
}

async function fetchJson(
  url: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  const { origin } = new URL(url);
  using ending = joinSignals(AbortSignal.timeout(TIMEOUT_MS), signal);
  try {
    const { isSuccess, status, body } = await httpGet(url, {
      signal: ending.signal,
      maxLength: MAX_LENGTH,
    });
    if (!isSuccess) {
      throw failure(origin, `the answer is HTTP status ${status}`);
    }
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return isObject(value) ? value : {};
  } catch (error) {
    signal?.throwIfAborted();
    if (ending.signal.aborted) throw failure(origin, "no answer in time");
    if (error instanceof SyntaxError) {
      throw failure(origin, "the answer is not JSON");
    }
    const isExpected = error instanceof HttpError ||
      error instanceof ProtocolError;
    throw isExpected ? failure(origin, error.message) : error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isSummary(value: unknown): value is RolloutSummary {
  if (!isObject(value) || !isObject(value.verdict)) return false;
  const { needed = 0, verified, isMet } = value.verdict;
  return typeof value.id === "string" && typeof value.name === "string" &&
    typeof needed === "number" && typeof verified === "number" &&
    typeof isMet === "boolean";
}

function isHost(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, state, reason = "", isExpected, fraction } = value;
  return typeof name === "string" && typeof reason === "string" &&
    typeof isExpected === "boolean" && typeof fraction === "number" &&
    ROLLOUT_STATES.some((known) => known === state);
}

function failure(origin: string, reason: string): FetchError {
  const { host } = new URL(origin);
  return new FetchError(`Cannot ask ${host} for its rollout: ${reason}`, {
    isTemporary: true,
  });
}
