/**
 * The program get and a server of shares that lies: it lists what it likes, and its
 * torrents are not what they were said to be.
 */
import {
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { untilReady } from "../../cli/find_share.ts";
import { parseGetJob } from "../../cli/get.ts";
import { buildTorrent, PIECE_LENGTH } from "../../mod.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const MIB = 2 ** 20;

/** Serves answers on a free port of 127.0.0.1. */
function serve(
  answer: (path: string) => Response | Promise<Response>,
): AsyncDisposable & { readonly host: string } {
  const closing = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    signal: closing.signal,
  }, (request) => answer(new URL(request.url).pathname));
  return {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return server.finished;
    },
  };
}

function listed(...shares: object[]): Response {
  const common = {
    sizeBytes: 1000,
    state: "ready",
    isSource: true,
    path: "/torrents/a.torrent",
  };
  return Response.json({
    ...{ version: 1, hostName: "\x1b[2Jliar\u202e".repeat(20) },
    shares: shares.map((share, index) => ({
      id: `${index}`,
      ...common,
      ...share,
    })),
  });
}

function torrentOf(name: string, length: number): Uint8Array<ArrayBuffer> {
  return buildTorrent({
    name,
    content: { type: "file", length },
    pieceLength: PIECE_LENGTH,
    pieceHashes: new Uint8Array(20 * Math.ceil(length / PIECE_LENGTH)),
    announce: [],
  });
}

/** Runs get against a host; nothing may be left in its folder. */
async function runGet(
  host: string,
): Promise<{ readonly code: number; readonly stderr: string }> {
  await using folder = await temporaryFolder();
  const result = await runTask("get", [
    ...[host, "--dir", folder.path, "--port", "0", "--host", "127.0.0.1"],
    ...["--no-discovery", "--retry-for", "0"],
  ]);
  assertEquals(await listing(folder.path), []);
  return result;
}

Deno.test("get fetches nothing but what it said that it would", async () => {
  const cases: [
    shown: string,
    torrent: Uint8Array<ArrayBuffer>,
    reason: RegExp,
  ][] = [
    [
      "images",
      torrentOf(".profile", 1000),
      /: its torrent is called \.profile;/,
    ],
    ["images", torrentOf("images", 2000), /has 2 KiB instead of 1 KiB;/],
    [".profile", torrentOf(".profile", 1000), /: a hidden name may stand for/],
  ];
  for (const [name, torrent, reason] of cases) {
    await using server = serve((path) =>
      path === "/shares.json" ? listed({ name }) : new Response(torrent)
    );
    const { code, stderr } = await runGet(server.host);
    assertEquals(code, 1, stderr);
    assertMatch(stderr, reason);
  }
});

Deno.test("get lists few of a thousand shares, each in a short line without escapes", async () => {
  await using server = serve(() =>
    listed(...Array.from({ length: 1000 }, (_, index) => ({
      name: `${index}\x1b[31m\u202e\n${"\u{1F427}".repeat(100)}`,
    })))
  );
  const { code, stderr } = await runGet(server.host);
  assertEquals(code, 5);
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines.length, 41);
  for (const line of lines) {
    assertLessOrEqual([...line].length, 200);
    // deno-lint-ignore no-control-regex -- control characters are what must not be there
    assertEquals(/[\x00-\x1f\u202e]/.test(line), false, line);
  }
});

Deno.test("get gives up a list that is endless, slow, packed or led elsewhere", async () => {
  const zeros = new Uint8Array(MIB);
  const endless = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({ pull: (controller) => controller.enqueue(zeros) });
  const headers = { "content-encoding": "gzip" };
  const packing = new Response(new Uint8Array(8 * MIB)).body!
    .pipeThrough(new CompressionStream("gzip"));
  // Packed before get asks, which waits for seconds only.
  const bomb = await new Response(packing).bytes();
  const location = `http://${"b".repeat(5000)}:8000/`;
  const isOver = Promise.withResolvers<void>();
  const cases: [answer: () => Response | Promise<Response>, reason: RegExp][] =
    [
      [() => new Response(endless()), /exceeds the limit of 1048576 bytes/],
      [
        () => new Response(bomb, { headers }),
        /exceeds the limit of 1048576 bytes/,
      ],
      [() => isOver.promise.then(() => listed()), /no answer/],
      [
        () => new Response(null, { status: 302, headers: { location } }),
        /redirect to an invalid URL/,
      ],
      [
        () =>
          new Response(null, {
            status: 302,
            headers: { location: "http://127.0.0.2:22/" },
          }),
        /port 22 is below 1024/,
      ],
    ];
  await using servers = new AsyncDisposableStack();
  try {
    for (const [answer, reason] of cases) {
      const server = servers.use(serve(answer));
      const startMs = performance.now();
      const { code, stderr } = await runGet(server.host);
      assertLess(performance.now() - startMs, 60_000);
      assertEquals(code, reason.source === "no answer" ? 5 : 1, stderr);
      assertMatch(stderr, reason);
      assertLess(stderr.length, 1_000);
    }
  } finally {
    // The response that waits holds its server.
    isOver.resolve();
  }
});

Deno.test("a machine that says for ever that it hashes does not keep get from another", async () => {
  const share = { id: "abc", name: "images" };
  await using liar = serve(() => listed({ ...share, state: "hashing" }));
  await using honest = serve(async () => {
    await delay(200);
    return listed(share);
  });
  const ready = await deadline(
    untilReady(
      {
        ...{ id: "abc", name: "images", sizeBytes: 1, hostName: "" },
        hosts: [liar.host, honest.host],
      },
      {
        job: parseGetJob(["x"]),
        console: { warn: () => {} } as unknown as Parameters<
          typeof untilReady
        >[1]["console"],
        signal: AbortSignal.timeout(120_000),
        onWait: () => {},
      },
    ),
    60_000,
  );
  assertEquals(ready.host, honest.host);
});
