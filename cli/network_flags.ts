/**
 * The flags `--allow` and `--deny`, the same for every program that listens.
 *
 * @module
 */
import { createAddressFilter } from "../mod.ts";
import { UsageError } from "./program_error.ts";

/** Networks as they were given. */
export interface NetworkFlags {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/**
 * The networks alone, checked.
 * @throws {UsageError} If one makes no sense.
 */
export function readNetworks({ allow, deny }: NetworkFlags): NetworkFlags {
  readOne("allow", allow);
  readOne("deny", deny);
  return { allow, deny };
}

function readOne(name: keyof NetworkFlags, networks: readonly string[]): void {
  try {
    createAddressFilter({ [name]: networks });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `--${name}: ${error.message.replace(/^Cannot read /, "")}`,
    );
  }
}
