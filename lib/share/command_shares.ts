/**
 * Sends a command to a machine that shares: pause, resume or limit.
 *
 * @module
 */
import { FetchError } from "../base/errors.ts";
import { joinSignals } from "../base/join_signals.ts";
import { ALL_SHARES } from "./rollout_control.ts";

/** Longest wait for the answer, in milliseconds. */
const TIMEOUT_MS = 5_000;
/** Longest answer that is read, in UTF-16 units. */
const MAX_LENGTH = 1024 * 1024;

/** A command to all shares of a machine. */
export interface ShareCommand {
  /** Its name. */
  readonly command: "pause" | "resume" | "limit";
  /** The token of the share. */
  readonly token: string;
  /** Of `limit`; 0 for no limit. @default {0} */
  readonly bytesPerSecond?: number;
  /** Ends the wait. @default none */
  readonly signal?: AbortSignal;
}

/** The control of a share after a command. */
export interface CommandedShare {
  /** The info hash, once the share is ready. */
  readonly id: string;
  /** Name of the share. */
  readonly name: string;
  /** True while its hosts are paused. */
  readonly paused: boolean;
  /** The most that they may receive together, in bytes a second; absent without a limit. */
  readonly limitBytesPerSecond?: number;
}

/**
 * Sends a command to all shares of the machine at an origin,
 * `http://192.168.1.10:8000`. A redirect is not followed, as the token is not for others.
 * @throws {FetchError} If it is not taken.
 */
export async function commandShares(
  origin: string,
  { command, token, bytesPerSecond = 0, signal }: ShareCommand,
): Promise<CommandedShare[]> {
  using ending = joinSignals(AbortSignal.timeout(TIMEOUT_MS), signal);
  const query = command === "limit" ? `?bytesPerSecond=${bytesPerSecond}` : "";
  const url = `${origin}/api/v1/shares/${ALL_SHARES}/${command}${query}`;
  const refuse = (reason: string, cause?: unknown): FetchError =>
    new FetchError(`${new URL(origin).host}: ${reason}`, { cause });
  try {
    const response = await fetch(url, {
      ...{ method: "POST", redirect: "manual", signal: ending.signal },
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await readText(response);
    if (!response.ok) throw refuse(reasonOf(response.status));
    const { shares } = Object(JSON.parse(text));
    if (Array.isArray(shares) && shares.every(isShare)) return shares;
    throw refuse("the answer is malformed");
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FetchError) throw error;
    if (ending.signal.aborted) throw refuse("no answer in time", error);
    if (error instanceof SyntaxError) throw refuse("the answer is no JSON");
    if (!(error instanceof TypeError)) throw error;
    throw refuse("it does not answer; is it still shared there?", error);
  }
}

async function readText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_LENGTH) break;
  }
  return text;
}

function reasonOf(status: number): string {
  switch (status) {
    case 401:
      return "the token is not the one of this share";
    case 404:
    case 405:
      return "it takes no commands: it is no share, or of an older version";
    case 429:
      return "too many wrong tokens came from this machine; wait a minute";
    default:
      return `the answer is HTTP status ${status}`;
  }
}

function isShare(value: unknown): value is CommandedShare {
  const { id, name, paused, limitBytesPerSecond = 0 } = Object(value);
  return typeof id === "string" && typeof name === "string" &&
    typeof paused === "boolean" && typeof limitBytesPerSecond === "number";
}
