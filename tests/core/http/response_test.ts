import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";
import {
  type HttpResponse,
  type ResponseFrame,
  ResponseWriter,
} from "../../../lib/http/response.ts";

const GET: ResponseFrame = {
  method: "GET",
  isHttp10: false,
  keepsConnection: true,
};

const TEXT = { "content-type": "text/plain" };
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n";

/** The written bytes, and whether the connection is kept. */
function write(
  response: Partial<HttpResponse>,
  frame: Partial<ResponseFrame> = {},
): { text: string; isKept: boolean } {
  const output = new ByteQueue(16);
  const isKept = new ResponseWriter().write(
    output,
    { status: 200, headers: TEXT, body: "", ...response },
    { ...GET, ...frame },
  );
  return { text: new TextDecoder().decode(output.bytes), isKept };
}

async function* parts(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield await Promise.resolve(new Uint8Array(1));
}

Deno.test("ResponseWriter writes head and body as one", () => {
  const written = {
    text: `${HEAD}content-length: 5\r\n\r\nhello`,
    isKept: true,
  };
  assertEquals(write({ body: "hello" }), written);
  assertEquals(
    write({ body: Uint8Array.from(new TextEncoder().encode("hello")) }),
    written,
  );
});

Deno.test("ResponseWriter gives the body's length in bytes", () => {
  for (const length of [0, 9, 10, 99, 100, 12_345, 100_000]) {
    const { text } = write({ body: "x".repeat(length) });
    assertMatch(text, new RegExp(`\r\ncontent-length: ${length}\r\n\r\nx*$`));
  }
  assertEquals(write({ body: "ö" }).text, `${HEAD}content-length: 2\r\n\r\nö`);
});

Deno.test("ResponseWriter says whether the connection is kept where that is not the default", () => {
  const closed = `${HEAD}content-length: 1\r\nconnection: close\r\n\r\nx`;
  const kept = `${HEAD}content-length: 1\r\nconnection: keep-alive\r\n\r\nx`;
  assertEquals(
    write({ body: "x" }, { keepsConnection: false }),
    { text: closed, isKept: false },
  );
  assertEquals(
    write({ body: "x" }, { isHttp10: true, keepsConnection: false }),
    { text: closed, isKept: false },
  );
  assertEquals(
    write({ body: "x" }, { isHttp10: true }),
    { text: kept, isKept: true },
  );
});

Deno.test("ResponseWriter omits the body for HEAD, but not its length", () => {
  assertEquals(write({ body: "hello" }, { method: "HEAD" }), {
    text: `${HEAD}content-length: 5\r\n\r\n`,
    isKept: true,
  });
  assertEquals(write({ body: parts() }, { method: "HEAD" }), {
    text: `${HEAD}\r\n`,
    isKept: true,
  });
});

Deno.test("ResponseWriter writes neither body nor length where a status has none", () => {
  for (const [status, reason] of [[204, "No Content"], [304, "Not Modified"]]) {
    assertEquals(write({ status: Number(status), headers: {}, body: "x" }), {
      text: `HTTP/1.1 ${status} ${reason}\r\n\r\n`,
      isKept: true,
    });
  }
});

Deno.test("ResponseWriter ends a streamed body with the connection", () => {
  assertEquals(write({ body: parts() }), {
    text: `${HEAD}connection: close\r\n\r\n`,
    isKept: false,
  });
});

Deno.test("ResponseWriter omits a long body, to be sent after the head, but not its length", () => {
  const body = new Uint8Array(100_000);
  assertEquals(write({ body }), {
    text: `${HEAD}content-length: 100000\r\n\r\n`,
    isKept: true,
  });
});

Deno.test("ResponseWriter ignores framing headers of the handler", () => {
  const headers = {
    ...TEXT,
    "content-length": "7",
    "connection": "upgrade",
    "transfer-encoding": "chunked",
  };
  assertEquals(
    write({ headers, body: "x" }).text,
    `${HEAD}content-length: 1\r\n\r\nx`,
  );
});

Deno.test("ResponseWriter throws TypeError for headers that would break the head", () => {
  for (const [name, value] of [["a", "b\r\nc: d"], ["a b", "c"], ["", "c"]]) {
    assertThrows(
      () => write({ headers: { [name!]: value! } }),
      TypeError,
      "would break the head",
    );
  }
});

Deno.test("ResponseWriter appends responses, each with its own headers and status", () => {
  const output = new ByteQueue(16);
  const writer = new ResponseWriter();
  for (const headers of [TEXT, TEXT, { location: "/" }]) {
    for (const status of [200, 302]) {
      writer.write(output, { status, headers, body: "" }, GET);
    }
  }
  const expected = [TEXT, TEXT, { location: "/" }].flatMap((headers) =>
    ["200 OK", "302 Found"].map((status) => {
      const [[name, value]] = Object.entries(headers) as [[string, string]];
      return `HTTP/1.1 ${status}\r\n${name}: ${value}\r\ncontent-length: 0\r\n\r\n`;
    })
  );
  assertEquals(new TextDecoder().decode(output.bytes), expected.join(""));
});

Deno.test("ResponseWriter writes its own headers into every response", () => {
  const output = new ByteQueue(16);
  const writer = new ResponseWriter({ a: "1", b: "2" });
  const responses: HttpResponse["headers"][] = [{ c: "3" }, { b: "3" }];
  for (const headers of responses) {
    writer.write(output, { status: 200, headers, body: "" }, GET);
  }
  const rest = "\r\ncontent-length: 0\r\n\r\n";
  assertEquals(
    new TextDecoder().decode(output.bytes),
    ["b: 2\r\nc: 3", "b: 3"].map((own) =>
      `HTTP/1.1 200 OK\r\na: 1\r\n${own}${rest}`
    ).join(""),
  );
});

Deno.test("ResponseWriter adds the date once its time is set", () => {
  const output = new ByteQueue(16);
  const writer = new ResponseWriter();
  const response = { status: 200, headers: {}, body: "" };
  writer.setTime(784_111_777_000);
  writer.write(output, response, GET);
  writer.setTime(784_111_778_000);
  writer.write(output, response, GET);
  assertEquals(
    new TextDecoder().decode(output.bytes).match(/date: .*/g),
    [
      "date: Sun, 06 Nov 1994 08:49:37 GMT",
      "date: Sun, 06 Nov 1994 08:49:38 GMT",
    ],
  );
});
