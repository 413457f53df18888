/**
 * Questions of tests to this machine: ports, IPv6, its memory, and whether a program
 * listens for signals.
 */
import { delay } from "@std/async/delay";
import { runCommand } from "../../scripts/programs/running_program.ts";

/** Below the ephemeral ports, which tests in parallel receive for port 0. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

/** A TCP port of 127.0.0.1 that is free and that no other test is likely to choose. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Not every container has the IPv6 loopback address. */
export function hasIpv6(): boolean {
  return Deno.networkInterfaces().some(({ address }) => address === "::1");
}

/**
 * Heap and buffers of this file's isolate, in bytes. The resident memory of the
 * process would include the files that run beside it.
 */
export function usedMemory(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
}

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
