/**
 * The reports of a host, and servers that take them, do not yet, or never do.
 */
import { assertEquals } from "@std/assert";
import { infoHashFromHex } from "../../lib/base/identifier.ts";
import { type HostReport, ReportSender } from "../../lib/mod.ts";

const REPORT: HostReport = {
  infoHash: infoHashFromHex("ab".repeat(20)),
  ...{ peerId: undefined, port: 0, name: "lab07", addresses: [] },
  ...{ state: "fetching", fraction: 0.5, freeBytes: undefined },
  ...{ downloadBytesPerSecond: 0, uploadBytesPerSecond: 0 },
  ...{ exitCode: undefined, reason: undefined },
};

/** A server that answers with a status, and counts the requests. */
function serve(status: number): {
  readonly answer: { status: number; count: number };
  readonly url: string;
} & AsyncDisposable {
  const answer = { status, count: 0 };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      answer.count++;
      return new Response("{}", { status: answer.status });
    },
  );
  return {
    answer,
    url: `http://127.0.0.1:${server.addr.port}/announce`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("ReportSender asks a server again that is not ready, and none that takes no reports", async () => {
  await using none = serve(404);
  await using later = serve(503);
  const announce = [["udp://127.0.0.1:9/announce"], [none.url, later.url]];
  const sender = new ReportSender({ announce });
  const send = (): Promise<boolean> =>
    sender.send(REPORT, { timeoutMs: 60_000 });
  assertEquals([await send(), none.answer.count, later.answer.count], [
    ...[false, 1, 1],
  ]);
  later.answer.status = 200;
  assertEquals([await send(), none.answer.count, later.answer.count], [
    ...[true, 1, 2],
  ]);
  later.answer.status = 404;
  assertEquals([await send(), sender.isUseless], [false, true]);
  // Nobody listens there, and may later.
  const away = new ReportSender({
    announce: [["http://127.0.0.1:9/announce"]],
  });
  assertEquals(await away.send(REPORT, { timeoutMs: 60_000 }), false);
  assertEquals(away.isUseless, false);
});
