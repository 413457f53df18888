/**
 * The store of `tracker --store`: opened, and what happens to it told on stderr,
 * a line each. Nothing that happens to it ends the tracker.
 *
 * @module
 */
import {
  openStore,
  type PeerStore,
  type StoreEvent,
  type SwarmChange,
} from "../mod.ts";
import { writeErrorLine } from "./console.ts";
import { describeError } from "./error_report.ts";
import { printable } from "./printable.ts";
import type { TrackerArguments } from "./tracker_arguments.ts";

/**
 * Opens the store that `request` names.
 * @throws {StoreError} If it cannot be used.
 */
export async function openTrackerStore(
  { store, peerTimeoutSeconds }: TrackerArguments,
  onChange: ((change: SwarmChange) => void) | undefined,
): Promise<PeerStore> {
  return await openStore(store, {
    peerTimeoutMs: peerTimeoutSeconds * 1000,
    random: Math.random,
    ...(onChange && { onChange }),
    onEvent: tell,
  });
}

function tell(event: StoreEvent): void {
  switch (event.type) {
    case "failed":
      return writeErrorLine(`warning: ${describeError(event.error)}`);
    case "recovered":
      return writeErrorLine(`note: ${printable(event.message)}`);
    default:
      return event satisfies never;
  }
}
