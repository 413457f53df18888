/**
 * The one error of a torrent file that is not valid.
 *
 * @module
 */

/** Options of {@linkcode MetainfoError}. */
export interface MetainfoErrorOptions extends ErrorOptions {
  /** What is not valid: the file's path, where it is known. @default {"torrent"} */
  readonly source?: string;
}

/** A torrent file is not valid; the message is one line that names the field. */
export class MetainfoError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "MetainfoError";
  /** Where: `info.piece length`, `info.files[3].path`; `torrent` for the file as a whole. */
  readonly field: string;
  /** What is wrong there, without the field. */
  readonly reason: string;

  /** Puts `Cannot read torrent: FIELD: REASON` together. */
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
