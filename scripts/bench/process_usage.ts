/**
 * What a running process has used of the machine, from Linux's `/proc`. Read by
 * `cat`: Deno itself keeps out of there unless it has every permission.
 *
 * @module
 */
import { runCommand } from "../programs/running_program.ts";

/** What a process has used since it began. */
export interface ProcessUsage {
  /** In user mode and in the kernel, all threads together. */
  readonly cpuSeconds: number;
  /** The most memory it has had at once, in bytes (`VmHWM`). */
  readonly peakMemoryBytes: number;
}

/** Linux shows times to programs in hundredths of a second, whatever it counts in. */
const TICKS_PER_SECOND = 100;

/** Asks for one process; `undefined` where there is no `/proc` or no such process. */
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
 * Reads `/proc/PID/stat` followed by `/proc/PID/status`.
 * @returns `undefined` for a process that has ended and has no memory any more.
 */
export function parseProcessUsage(text: string): ProcessUsage | undefined {
  // The second field is the program's name in brackets, and may hold anything.
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
