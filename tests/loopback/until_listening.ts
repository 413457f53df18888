/**
 * Waits until a program listens for signals: one that comes before would kill it.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { runCommand } from "../../scripts/programs/running_program.ts";

/** The bit of SIGTERM in the masks of `/proc`. */
const SIGTERM_BIT = 1n << 14n;

/** Waits until a process catches SIGTERM. Linux only. */
export async function untilListening(
  { pid }: { readonly pid: number },
): Promise<void> {
  for (;;) {
    // Tests have no permission for /proc.
    const { stdout } = await runCommand("sh", [
      ...["-c", `grep SigCgt /proc/${pid}/status`],
    ]);
    const mask = /([0-9a-f]+)\s*$/.exec(stdout)?.[1];
    if (mask === undefined) throw new Error(`process ${pid} has ended`);
    if (BigInt(`0x${mask}`) & SIGTERM_BIT) return;
    await delay(20);
  }
}
