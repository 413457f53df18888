/**
 * Fetches the rollouts of a machine that shares. What it says is checked as far as it
 * is used, as any host may answer.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { fetchFrom } from "./fetch_shares.ts";
import { ROLLOUT_STATES } from "./host_state.ts";
import type { HostDocument, RolloutDocument } from "./rollout_document.ts";

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
  return await fetchFrom(`${origin}/api/v1/shares`, {
    ...{ signal, timeoutMs: TIMEOUT_MS, maxLength: MAX_LENGTH },
    parse: (bytes) => {
      const { shares } = parseObject(bytes);
      if (Array.isArray(shares) && shares.every(isSummary)) return shares;
      throw new ProtocolError("the list of shares is malformed");
    },
  });
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
  return await fetchFrom(
    `${origin}/api/v1/shares/${encodeURIComponent(id)}`,
    {
      ...{ signal, timeoutMs: TIMEOUT_MS, maxLength: MAX_LENGTH },
      parse: (bytes) => {
        const share = parseObject(bytes);
        const { hosts } = share;
        const isValid = isSummary(share) && Array.isArray(hosts) &&
          hosts.every(isHost);
        if (isValid) return { ...share, version: 1, hosts };
        throw new ProtocolError("the share is malformed");
      },
    },
  );
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : {};
  } catch (cause) {
    throw new ProtocolError("the answer is not JSON", { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isSummary(value: unknown): value is RolloutSummary {
  if (!isObject(value) || !isObject(value.verdict)) return false;
  const { source = { needed: false } } = value;
  if (!isObject(source) || typeof source.needed !== "boolean") return false;
  const { needed = 0, verified, isMet } = value.verdict;
  return typeof value.id === "string" && typeof value.name === "string" &&
    typeof needed === "number" && typeof verified === "number" &&
    typeof isMet === "boolean";
}

function isHost(value: unknown): value is HostDocument {
  if (!isObject(value)) return false;
  const { name, state, reason = "", isExpected, fraction } = value;
  return typeof name === "string" && typeof reason === "string" &&
    typeof isExpected === "boolean" && typeof fraction === "number" &&
    ROLLOUT_STATES.some((known) => known === state);
}
