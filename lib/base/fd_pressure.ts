/**
 * What happens when the system has no more handles for this process: files and
 * sockets are of one kind to it, and whoever holds many makes room for those who
 * have none. Owns the list of the holders, for the whole process as the system's
 * limit is; knows neither files nor sockets.
 *
 * @module
 */

/** After an appeal, others that come within so many milliseconds are the same one. */
const APPEAL_PAUSE_MS = 200;

/** Lets go of some handles, at a time in milliseconds on the process's clock. */
export type GiveWay = (nowMs: number) => void;

const holders = new Set<GiveWay>();
let lastAppealMs = -Infinity;

/** From now on `giveWay` is called when handles lack, until it is disposed of. */
export function giveWayOnShortage(giveWay: GiveWay): Disposable {
  holders.add(giveWay);
  return { [Symbol.dispose]: () => void holders.delete(giveWay) };
}

/** Handles lack: asks all who hold some to let go of what they can do without. */
export function appealForHandles(nowMs: number): void {
  if (nowMs - lastAppealMs < APPEAL_PAUSE_MS) return;
  lastAppealMs = nowMs;
  for (const giveWay of holders) giveWay(nowMs);
}

/** Whether an error, or what caused it, is that no more handles are to be had. */
export function isHandleShortage(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? cause.code : undefined;
    if (code === "EMFILE" || code === "ENFILE") return true;
    // What Deno's `fetch` throws has no code but the system's number in its text.
    if (/\(os error 2[34]\)/.test(cause.message)) return true;
  }
  return false;
}
