/**
 * One HTTP request, as a view of the bytes that it came in.
 *
 * @module
 */
import { headerValue } from "./header_lines.ts";
import type { RequestLine } from "./request_line.ts";

/** Where a request's header lines are, and what was found in them. */
export interface HttpRequestOptions {
  /** The buffer; a view, valid as long as {@linkcode HttpRequest.header} is. */
  readonly bytes: Uint8Array;
  /** The first header line. */
  readonly headersStart: number;
  /** Behind the last header line. */
  readonly headersEnd: number;
  readonly keepsConnection: boolean;
  readonly remoteHostname: string;
}

/** A request without its body, which is nobody's business here. */
export class HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly isHttp10: boolean;
  /** Whether the asker would send another request after this one's answer. */
  readonly keepsConnection: boolean;
  /** Where the connection comes from: an IP address, never IPv4-mapped. */
  readonly remoteHostname: string;
  readonly #bytes: Uint8Array;
  readonly #headersStart: number;
  readonly #headersEnd: number;

  constructor(line: RequestLine, options: HttpRequestOptions) {
    this.method = line.method;
    this.path = line.path;
    this.query = line.query;
    this.isHttp10 = line.isHttp10;
    this.keepsConnection = options.keepsConnection;
    this.remoteHostname = options.remoteHostname;
    this.#bytes = options.bytes;
    this.#headersStart = options.headersStart;
    this.#headersEnd = options.headersEnd;
  }

  /**
   * The value of a header named in lower case, a character for each byte; several
   * of one name are joined with commas. To be asked for before the response is
   * given: the bytes are the next request's then.
   */
  header(name: string): string | undefined {
    const range = { from: this.#headersStart, to: this.#headersEnd };
    return headerValue(this.#bytes, range, name);
  }
}
