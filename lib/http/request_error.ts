/**
 * What is wrong with a request, as HTTP says it: the asker's fault. It is told so
 * and its connection ends, as nobody knows where the next request would begin.
 *
 * @module
 */

/** How a request that cannot be read is answered. [RFC 9110, 15.5 and 15.6] */
export type RequestErrorStatus = 400 | 411 | 413 | 414 | 431 | 505;

/** A request breaks HTTP's rules or our limits. */
export class RequestError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "RequestError";
  readonly status: RequestErrorStatus;

  constructor(status: RequestErrorStatus, reason: string) {
    super(`Cannot read request: ${reason}`);
    this.status = status;
  }
}
