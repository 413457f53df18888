/**
 * Sending a body that is made while it is sent: a file, or events that have not
 * happened yet. The next part is asked for when the last one was taken.
 *
 * @module
 */

/** A body bit by bit. */
export type BodyParts = AsyncIterator<Uint8Array>;

/** Where a body goes. */
export interface BodySink {
  /** Resolves when all of it was taken. */
  send(bytes: Uint8Array): Promise<void>;
  /** Waits for the next part; `undefined` if the sink is closed first. */
  whileOpen<T>(promised: Promise<T>): Promise<T | undefined>;
}

/**
 * Sends all parts.
 * @param length What the body was said to be long, in bytes, if anything.
 * @returns False if the sink was closed meanwhile.
 * @throws {TypeError} If it is not as long as that; the rest is not sent.
 */
export async function sendParts(
  parts: BodyParts,
  length: number | undefined,
  sink: BodySink,
): Promise<boolean> {
  let sentLength = 0;
  for (;;) {
    const part = await sink.whileOpen(parts.next());
    if (part === undefined) return false;
    if (part.done) break;
    sentLength += part.value.length;
    if (length !== undefined && sentLength > length) break;
    await sink.send(part.value);
  }
  if (length !== undefined && sentLength !== length) {
    throw new TypeError(
      `Cannot send body: it is not ${length} bytes long, as its header says`,
    );
  }
  return true;
}

/**
 * Lets go of a body of which nothing more is sent. Nobody waits for that: a
 * generator hears of it only when its next part is there.
 */
export function letGo(
  parts: BodyParts,
  onError: (error: unknown) => void,
): void {
  parts.return?.().catch(onError);
}
