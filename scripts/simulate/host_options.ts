/**
 * The options of one machine of a virtual LAN.
 *
 * @module
 */
import type { WireExtensions } from "../../lib/wire/handshake.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";

/** A gigabit a second, in bytes a second. */
export const GIGABIT = 125_000_000;

/** Options of a host. */
export interface HostOptions {
  /** @default {GIGABIT} */
  readonly upBytesPerSecond?: number;
  /** @default {GIGABIT} */
  readonly downBytesPerSecond?: number;
  /** True if it has every piece from the start. @default {false} */
  readonly isSeeder?: boolean;
  /** @default {OWN_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** The only hosts that it dials. @default {those that the tracker returns} */
  readonly knownHosts?: readonly string[];
  /** A message that it sends first on each connection. @default {none} */
  readonly greeting?: Message;
  /** Chooses the blocks that it sends corrupt. Offsets count blocks. @default {none} */
  readonly isCorrupt?: (block: BlockRange) => boolean;
}
