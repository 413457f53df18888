/**
 * The errors of the world outside: a peer, a tracker, a disk, a store. Their type tells
 * the blast radius. A caller's mistake is a `TypeError` or `RangeError`, never
 * one of these.
 *
 * @module
 */

/** A peer broke the protocol: its connection ends and nothing else suffers. */
export class ProtocolError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "ProtocolError";
}

/** A tracker could not be asked or refused: the announce is retried later. */
export class TrackerError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "TrackerError";
}

/** The disk failed or refused: the torrent stops, what is stored stays. */
export class StorageError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name: string = "StorageError";
}

/**
 * What was verified is not on the disk any more: something else changed a file.
 * The torrent stops until its files are verified again.
 */
export class ContentChangedError extends StorageError {
  /** Stands before the message when the error is printed. */
  override readonly name = "ContentChangedError";
}

/** What a tracker keeps its peers in failed or refused: it goes on with what it has in memory. */
export class StoreError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "StoreError";
}

/** A web server could not be asked, or has not what it was asked for: one file is missing. */
export class FetchError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "FetchError";
}
