/**
 * What a machine of a virtual LAN is like, as a test or a script says it.
 *
 * @module
 */
import type { WireExtensions } from "../../lib/wire/handshake.ts";
import type { BlockRange } from "../../lib/wire/message.ts";

/** A gigabit a second, in bytes a second. */
export const GIGABIT = 125_000_000;

/** What a host is like. */
export interface HostOptions {
  /** @default {GIGABIT} */
  readonly upBytesPerSecond?: number;
  /** @default {GIGABIT} */
  readonly downBytesPerSecond?: number;
  /** True if it has everything from the start. @default {false} */
  readonly isSeeder?: boolean;
  /** What it speaks beyond BEP 3. @default {OWN_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** Hosts that it knows by itself; the tracker names none to it then. @default {whom the tracker names} */
  readonly acquaintances?: readonly string[];
  /** Which blocks it sends wrong. Offsets count blocks. @default {none} */
  readonly isWrong?: (block: BlockRange) => boolean;
}
