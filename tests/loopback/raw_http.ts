/**
 * An HTTP server under test, and a client that sends raw bytes, malformed ones
 * included.
 */
import {
  type HttpServer,
  type HttpServerOptions,
  serveHttp,
} from "../../lib/http/http_server.ts";
import { latin1 } from "../core/bencode/bytes.ts";

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly server: HttpServer;
  /** Errors that the server has reported, in their order. */
  readonly errors: unknown[];
}

/** Serves on a free port of 127.0.0.1. An error is answered with 500 and its message. */
export function startServer(
  options: Partial<HttpServerOptions> = {},
): TestServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const errors: unknown[] = [];
  const server = serveHttp([listener], {
    handle: ({ method, path, query }) => ({
      status: 200,
      headers: {},
      body: `${method} ${path} ${query}`,
    }),
    onError: (error) => {
      errors.push(error);
      return { status: 500, headers: {}, body: String(error) };
    },
    ...options,
  });
  return {
    port,
    server,
    errors,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Most characters made of code units at once. */
const CHUNK_LENGTH = 8192;

export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  #received = "";

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(
    { port }: { readonly port: number },
  ): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends each character as a byte. */
  async send(text: string): Promise<void> {
    const bytes = latin1(text);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  async sendEnd(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Waits for `length` bytes, as one character each. @throws {Error} If the connection ends first. */
  async receive(length: number): Promise<string> {
    while (this.#received.length < length) {
      if (!await this.#read()) throw this.#missing();
    }
    const text = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return text;
  }

  /** Waits for `end`. @returns Everything up to it. */
  async receiveUntil(end: string): Promise<string> {
    for (;;) {
      const index = this.#received.indexOf(end);
      if (index !== -1) return await this.receive(index + end.length);
      if (!await this.#read()) throw this.#missing();
    }
  }

  /** Everything until the connection ends, by a reset too. */
  async receiveAll(): Promise<string> {
    while (await this.#read());
    const text = this.#received;
    this.#received = "";
    return text;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  #missing(): Error {
    const text = JSON.stringify(this.#received.slice(-1000));
    return new Error(
      `Cannot receive: after ${this.#received.length} bytes the connection ended, with ${text}`,
    );
  }

  async #read(): Promise<boolean> {
    const bytes = new Uint8Array(65536);
    let count: number | null;
    try {
      count = await this.#connection.read(bytes);
    } catch (error) {
      // The server may end with a reset.
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      count = null;
    }
    if (count === null) return false;
    for (let start = 0; start < count; start += CHUNK_LENGTH) {
      const end = Math.min(count, start + CHUNK_LENGTH);
      this.#received += String.fromCharCode(...bytes.subarray(start, end));
    }
    return true;
  }
}

/** Sends bytes on a new connection. @returns Everything received until its end. */
export async function exchange(
  server: { readonly port: number },
  text: string,
): Promise<string> {
  using client = await RawClient.connect(server);
  await client.send(text);
  return await client.receiveAll();
}
