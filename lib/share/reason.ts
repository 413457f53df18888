/**
 * The reasons for which a host of a rollout is slow, or has failed: a code for
 * programs and a sentence for people. Pure.
 *
 * @module
 */
import { errorCode } from "../disk/storage_failure.ts";

/** All codes; further ones may be added. */
export const REASON_CODES = [
  ...["link", "wifi", "disk", "diskFull", "readOnly", "cpu", "hash"],
  ...["sources", "unreachable", "isolated", "lossy", "limit", "silent"],
  ...["left", "command", "failed", "paused"],
] as readonly ReasonCode[];

/** The kind of a reason; docs/guide.md describes each. */
export type ReasonCode =
  | "link"
  | "wifi"
  | "disk"
  | "diskFull"
  | "readOnly"
  | "cpu"
  | "hash"
  | "sources"
  | "unreachable"
  | "isolated"
  | "lossy"
  | "limit"
  | "silent"
  | "left"
  | "command"
  | "failed"
  | "paused";

/** The reason of one host. */
export interface Reason {
  /** For programs. */
  readonly code: ReasonCode;
  /** For people: what is seen, with a number, and what to do. */
  readonly text: string;
}

/** True for the code of a reason. */
export function isReasonCode(text: unknown): text is ReasonCode {
  return REASON_CODES.some((code) => code === text);
}

/** The system's codes of errors that an administrator mends in the same way. */
const FAILURES: Readonly<Record<string, ReasonCode>> = {
  ENOSPC: "diskFull",
  EDQUOT: "diskFull",
  EROFS: "readOnly",
  EACCES: "readOnly",
  EPERM: "readOnly",
};

/** The code of an error that ended a download. */
export function failureCode({ cause }: Error): ReasonCode {
  const code = typeof cause === "string" ? cause : errorCode(cause);
  return FAILURES[code ?? ""] ?? "failed";
}
