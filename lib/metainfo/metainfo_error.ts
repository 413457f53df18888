/**
 * The error for an invalid torrent file.
 *
 * @module
 */

/** Options of {@linkcode MetainfoError}. */
export interface MetainfoErrorOptions extends ErrorOptions {
  /** Path or URL of the torrent file. @default {"torrent"} */
  readonly source?: string;
}

/** A torrent file is invalid. The message is one line and names the field. */
export class MetainfoError extends Error {
  /** Printed before the message. */
  override readonly name = "MetainfoError";
  /** The field: `info.piece length`, `info.files[3].path`; `torrent` for the whole file. */
  readonly field: string;
  /** The reason, without the field. */
  readonly reason: string;

  /** Creates an error with the message `Cannot read torrent: FIELD: REASON`. */
  constructor(
    field: string,
    reason: string,
    options: MetainfoErrorOptions = {},
  ) {
    super(`Cannot read ${options.source ?? "torrent"}: ${field}: ${reason}`, {
      cause: options.cause,
    });
    this.field = field;
    this.reason = reason;
  }
}
