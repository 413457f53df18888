/**
 * The answer to a report: what the host is to do. Checked when it is read, as any host
 * may answer. Pure.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";

/** The control of a host, as the answer to its report says. */
export interface HostControl {
  /** Number of the last change. */
  readonly change: number;
  /** True if it is to request nothing and to serve nobody. */
  readonly isPaused: boolean;
  /** Bytes that it may receive in a second; `undefined` for no limit. */
  readonly maxBytesPerSecond: number | undefined;
  /** True if the share ends: nothing holds for the host any more. */
  readonly isEnding: boolean;
  /** The peer of the machine that shares; `undefined` if it is unknown. */
  readonly source: PeerId | undefined;
}

/** The answer to a report, for JSON. */
export function reportAnswer(
  { change, isPaused, maxBytesPerSecond, isEnding, source }: HostControl,
): object {
  return {
    ...{ version: 1, change, paused: isPaused },
    ...maxBytesPerSecond !== undefined && { maxBytesPerSecond },
    ...isEnding && { ending: true },
    ...source !== undefined && { source },
  };
}

/**
 * Reads the answer to a report; one of an older version says nothing.
 * @throws {ProtocolError} If it is malformed.
 */
export function parseReportAnswer(bytes: Uint8Array): HostControl {
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new ProtocolError("the answer to the report is not JSON", { cause });
  }
  const { change = 0, paused = false, maxBytesPerSecond, ending = false } =
    value;
  const { source } = value;
  const isCount = (count: unknown): count is number =>
    Number.isSafeInteger(count) && count as number >= 0;
  const isValid = isCount(change) && typeof paused === "boolean" &&
    typeof ending === "boolean" &&
    (maxBytesPerSecond === undefined ||
      isCount(maxBytesPerSecond) && maxBytesPerSecond > 0) &&
    (source === undefined || isPeerId(source));
  if (!isValid) {
    throw new ProtocolError("the answer to the report is malformed");
  }
  return {
    ...{ change, isPaused: paused, maxBytesPerSecond },
    ...{ isEnding: ending, source },
  };
}

function isPeerId(value: unknown): value is PeerId {
  return typeof value === "string" && /^[\da-f]{40}$/.test(value);
}
