/**
 * What a running process holds at one moment, from Linux's `/proc`. Read by a
 * shell: Deno itself keeps out of there unless it has every permission.
 *
 * @module
 */
import type { Host } from "../../scripts/lan/host.ts";

/** What a process holds. */
export interface ProcessState {
  readonly openFileCount: number;
  /** In memory now, in MiB. */
  readonly residentMebibytes: number;
}

/** Asks on the host that the process runs on. */
export async function readProcessState(
  host: Host,
  pid: number,
): Promise<ProcessState> {
  const { code, stdout, stderr } = await host.run("sh", [
    "-c",
    `ls /proc/${pid}/fd | wc -l; grep VmRSS /proc/${pid}/status`,
  ]);
  const [files, memory] = stdout.split("\n");
  const kibibytes = /(\d+) kB/.exec(memory ?? "")?.[1];
  if (code !== 0 || kibibytes === undefined) {
    throw new Error(`Cannot look at process ${pid}: ${stderr}`);
  }
  return {
    openFileCount: Number(files),
    residentMebibytes: Math.round(Number(kibibytes) / 1024),
  };
}
