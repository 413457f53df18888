/**
 * Reads the CPU time and the memory of a process from Linux's `/proc`. `cat` reads
 * it, as Deno does so only with all permissions.
 *
 * @module
 */
import { runCommand } from "../programs/running_program.ts";

/** Resources of a process since its start. */
export interface ProcessUsage {
  /** CPU time in user mode and in the kernel, all threads together. */
  readonly cpuSeconds: number;
  /** Peak memory in bytes (`VmHWM`). */
  readonly peakMemoryBytes: number;
}

/** Linux reports times to programs in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Reads the usage of a process; `undefined` without `/proc` or such a process. */
export async function readProcessUsage(
  pid: number,
): Promise<ProcessUsage | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const { code, stdout } = await runCommand("cat", [
    `/proc/${pid}/stat`,
    `/proc/${pid}/status`,
  ]);
  return code === 0 ? parseProcessUsage(stdout) : undefined;
}

/**
 * Parses `/proc/PID/stat` followed by `/proc/PID/status`.
 * @returns `undefined` for a process that has ended.
 */
export function parseProcessUsage(text: string): ProcessUsage | undefined {
  // The second field is the name in brackets, which may contain any character.
  const fields = text.slice(text.lastIndexOf(")", text.indexOf("\nName:")) + 2)
    .split(" ");
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(text)?.[1];
  if (peak === undefined) return undefined;
  return {
    cpuSeconds: (userTicks + systemTicks) / TICKS_PER_SECOND,
    peakMemoryBytes: Number(peak) * 1024,
  };
}
