/**
 * Measures whether one more thread gains time: only if this process is busy and a core
 * idle. The number of cores does not say so, as other programs may use them.
 *
 * @module
 */

/** Shortest time between two measurements, in milliseconds. */
const WINDOW_MS = 250;
/** Measurements in a row that change the verdict. */
const WINDOWS = 2;
/**
 * Cores that a busy process uses: its main thread and a thread that hashes. With one
 * more thread, which costs an eighth of CPU time, it uses no fewer.
 */
const BUSY_CORES = 1.1;
/** Idle cores, all together, that are worth a thread. */
const IDLE_CORES = 0.7;
/** Pause without the extra thread after the process was not busy with it, in milliseconds. */
const PAUSE_MS = 5_000;

/** CPU times since any moment, in milliseconds. */
export interface CpuTimes {
  readonly nowMs: number;
  /** Of all threads of this process. */
  readonly usedMs: number;
  /** In which cores were idle, of all cores together. */
  readonly idleMs: number;
}

/** A core that one more thread can use. */
export class SpareCore {
  readonly #read: () => CpuTimes | undefined;
  #last: CpuTimes | undefined;
  #isFound = false;
  /** Measurements in a row that contradict the verdict. */
  #contraryCount = 0;
  #pausedUntilMs = -Infinity;

  /** @param read The times; `undefined` if they are unknown: no core is spare. */
  constructor(read: () => CpuTimes | undefined = readCpuTimes) {
    this.#read = read;
  }

  /** True if there is one; measures at most every 250 ms. */
  isFound(nowMs: number): boolean {
    const last = this.#last;
    if (last && nowMs - last.nowMs < WINDOW_MS) return this.#isFound;
    const now = this.#last = this.#read();
    if (last === undefined || now === undefined) return this.#isFound;
    const elapsedMs = now.nowMs - last.nowMs;
    const usedCores = (now.usedMs - last.usedMs) / elapsedMs;
    const idleCores = (now.idleMs - last.idleMs) / elapsedMs;
    const isContrary = this.#isFound
      ? usedCores < BUSY_CORES
      : usedCores >= BUSY_CORES && idleCores >= IDLE_CORES &&
        nowMs >= this.#pausedUntilMs;
    this.#contraryCount = isContrary ? this.#contraryCount + 1 : 0;
    if (this.#contraryCount < WINDOWS) return this.#isFound;
    this.#contraryCount = 0;
    if (this.#isFound) this.#pausedUntilMs = nowMs + PAUSE_MS;
    return this.#isFound = !this.#isFound;
  }
}

/** The times now; `undefined` without the permission `--allow-sys=cpus`. */
function readCpuTimes(): CpuTimes | undefined {
  const permission = { name: "sys", kind: "cpus" } as const;
  const { state } = Deno.permissions.querySync(permission);
  if (state !== "granted") return undefined;
  const { process } = globalThis as unknown as {
    process: {
      cpuUsage(): { readonly user: number; readonly system: number };
      getBuiltinModule(name: "node:os"): {
        cpus(): readonly { readonly times: { readonly idle: number } }[];
      };
    };
  };
  try {
    // In microseconds.
    const { user, system } = process.cpuUsage();
    const cores = process.getBuiltinModule("node:os").cpus();
    const idleMs = cores.reduce((sum, { times }) => sum + times.idle, 0);
    return { nowMs: performance.now(), usedMs: (user + system) / 1000, idleMs };
  } catch {
    // The times are in a file, and no descriptor may be left. Harmless: no core is spare.
    return undefined;
  }
}
