/**
 * What goes back for a request.
 *
 * @module
 */

/** A response. */
export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  /**
   * By their names in lower case. An object that is given again is taken to say
   * the same again. `content-length` is only for a body that is iterated.
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * What is iterated is sent as it comes, and asked for no faster than the asker
   * takes it; `return` is called when the asker has gone, even while a `next` is
   * pending. Without a `content-length` the connection's end is the body's end.
   */
  readonly body:
    | string
    | Uint8Array
    | AsyncIterable<Uint8Array>;
}

/** Whether the body comes bit by bit. */
export function isStreamed(
  body: HttpResponse["body"],
): body is AsyncIterable<Uint8Array> {
  return typeof body !== "string" && !(body instanceof Uint8Array);
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  411: "Length Required",
  413: "Content Too Large",
  414: "URI Too Long",
  416: "Range Not Satisfiable",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** What a status means, in words; empty if it is a rare one. [RFC 9112, 4] */
export function reasonPhrase(status: number): string {
  return REASONS[status] ?? "";
}
