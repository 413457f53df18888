/**
 * The error for an invalid torrent file.
 *
 * @module
 */

/** A torrent file is invalid. The message is one line and names the field. */
export class MetainfoError extends Error {
  /** Printed before the message. */
  override readonly name = "MetainfoError";
  /** The field: `info.piece length`, `info.files[3].path`; `torrent` for the whole file. */
  readonly field: string;
  /** The reason, without the field. */
  readonly reason: string;

  /** Creates an error with the message `Cannot read SOURCE: FIELD: REASON`; `source` is a path or URL. */
  constructor(
    field: string,
    reason: string,
    { source = "torrent", cause }: ErrorOptions & { source?: string } = {},
  ) {
    super(`Cannot read ${source}: ${field}: ${reason}`, { cause });
    this.field = field;
    this.reason = reason;
  }
}
