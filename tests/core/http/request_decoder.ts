/**
 * The decoder of HTTP requests, as a fuzz target.
 *
 * @module
 */
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import { RequestError } from "../../../lib/http/request.ts";
import { RequestReader } from "../../../lib/http/request_reader.ts";
import { latin1 } from "../bencode/bytes.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";

const SAMPLES = [
  "GET /announce?info_hash=%AA&left=1 HTTP/1.1\r\nHost: tracker\r\n" +
  "User-Agent: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
  "POST / HTTP/1.0\r\ncontent-length: 5\r\n\r\n12345GET / HTTP/1.1\nhost:\n\n",
  "GET http://[::1]:8000/?a=b HTTP/1.1\r\nhost: [::1]:8000\r\n" +
  "transfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n",
  "HEAD /scrape HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, x\r\n\r\n",
];

/** Reads every request of the input and describes the last one. */
export const REQUEST_DECODER: NamedFuzzTarget = {
  name: "RequestReader survives mutated requests",
  examples: SAMPLES.map(latin1),
  decode: (input) => {
    const received = new ByteQueue(16);
    received.push(input);
    const reader = new RequestReader(received, {
      remoteHostname: "192.0.2.7",
    });
    let described: string | undefined;
    for (;;) {
      const request = reader.next();
      if (request === undefined) return described;
      const { method, path, query, keepsConnection } = request;
      described = `${method} ${path} ${query} ${keepsConnection} ${
        request.header("accept-encoding")
      } ${request.header("last-event-id")}`;
    }
  },
  refusal: RequestError,
};
