/**
 * The errors of the outside world: a peer, a tracker, a disk, a store. The type
 * tells how much is affected. A caller's mistake is a `TypeError` or `RangeError`
 * instead.
 *
 * @module
 */

/** A peer violated the protocol: its connection ends, all others go on. */
export class ProtocolError extends Error {
  /** Printed before the message. */
  override readonly name = "ProtocolError";
}

/** A tracker did not answer, or refused: the announce is retried later. */
export class TrackerError extends Error {
  /** Printed before the message. */
  override readonly name = "TrackerError";
}

/** The disk failed or refused: the torrent stops, the stored content stays. */
export class StorageError extends Error {
  /** Printed before the message. */
  override readonly name: string = "StorageError";
}

/**
 * Verified content is no longer on the disk: another program modified a file. The
 * torrent stops until its files are verified again.
 */
export class ContentChangedError extends StorageError {
  /** Printed before the message. */
  override readonly name = "ContentChangedError";
}

/** A tracker's store failed: at the start the tracker ends, later it goes on from memory. */
export class StoreError extends Error {
  /** Printed before the message. */
  override readonly name = "StoreError";
}

/** A web server, or the peers of a magnet link, did not answer or do not have the file: one file is missing. */
export class FetchError extends Error {
  /** Printed before the message. */
  override readonly name = "FetchError";
  /** True if a later attempt may succeed: the server is not up yet, or overloaded. */
  readonly isTemporary: boolean;

  /** An error that is not temporary unless `options` say so. */
  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly isTemporary?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.isTemporary = options.isTemporary ?? false;
  }
}

/** Characters shown at most: a hostile name may be megabytes long. */
const MAX_QUOTED_LENGTH = 80;

/** Text from strangers for an error message: in double quotes, escaped as in JSON, shortened. */
export function quote(text: string): string {
  const isLong = text.length > MAX_QUOTED_LENGTH;
  return JSON.stringify(
    isLong ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text,
  );
}
