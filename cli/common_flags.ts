/**
 * The flags that several programs have.
 */
import { createAddressFilter, readWord } from "../lib/values.ts";
import { COMMON_FLAGS, flag, oneOf } from "./flags.ts";
import type { HangupAction } from "./interrupt.ts";
import { readDuration } from "./quantity.ts";

export const JSON_FLAG = flag("--json  print one JSON object per line");

/** Reads a limit of time: 0 would be taken for none. */
export function readTimeLimit(text: string): number {
  const limitMs = readDuration(text);
  if (limitMs > 0) return limitMs;
  throw new RangeError(`${JSON.stringify(text)} ends at once; give a time`);
}

export const TIMEOUT_FLAG = flag(
  "--timeout TIME  end after this time, such as 90s, 10m or 2h; with 4 if anything is incomplete",
  { default: Infinity, read: readTimeLimit },
);

function readNetwork(text: string): string {
  createAddressFilter({ allow: [text] });
  return text;
}

export const LISTENER_FLAGS = {
  host: flag(
    "--host ADDRESS  address to listen on (default: all, IPv4 and IPv6)",
    { read: readWord },
  ),
  allow: flag(
    "--allow NETWORK...  exchange data with hosts of this network only, such as 192.168.0.0/16; may be given several times",
    { read: readNetwork },
  ),
  deny: flag(
    "--deny NETWORK...  never exchange data with hosts of this network; may be given several times",
    { read: readNetwork },
  ),
} as const;

/** The flags of the programs that a service manager starts. */
export const SERVICE_FLAGS = {
  retryForMs: flag(
    "--retry-for TIME  how long to wait for what is not up yet, such as the address of --host or the server of a torrent's URL: 90s, 10m, 2h or forever (default: 60s)",
    { default: 60_000, read: readDuration },
  ),
  onHangup: flag(
    "--on-hangup ACTION  what SIGHUP does: ignore or end (default: end if the program was started in a terminal)",
    { read: oneOf<HangupAction>("ignore", "end") },
  ),
  isDebug: COMMON_FLAGS.isDebug,
} as const;
