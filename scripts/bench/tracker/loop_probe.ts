/**
 * How long a server keeps everybody waiting at most, seen from outside: whoever
 * asks for next to nothing, again and again, waits for whatever else it does.
 *
 * @module
 */
import { delay } from "@std/async/delay";

/** Time between two questions, in milliseconds. */
const PAUSE_MS = 1;

const encoder = new TextEncoder();

/** Asks until told to stop. @returns The longest time that an answer took, in milliseconds. */
export async function longestWait(
  port: number,
  signal: AbortSignal,
): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = encoder.encode(
    "GET /healthz HTTP/1.1\r\nHost: tracker\r\n\r\n",
  );
  const answer = new Uint8Array(4096);
  let longestMs = 0;
  while (!signal.aborted) {
    const startMs = performance.now();
    await connection.write(request);
    if (await connection.read(answer) === null) {
      throw new Error("Cannot ask the tracker: it hung up");
    }
    longestMs = Math.max(longestMs, performance.now() - startMs);
    await delay(PAUSE_MS);
  }
  return longestMs;
}
