/**
 * The resources of a running process at one moment, from Linux's `/proc`. A shell
 * reads them: Deno itself may do so only with every permission.
 *
 * @module
 */
import type { Host } from "../../scripts/lan/host.ts";

/** Resources of a process. */
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
