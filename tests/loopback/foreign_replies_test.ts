/**
 * The tracker client against every class of answers: the result is a reply within
 * bounds or a `TrackerError`, soon and without much memory.
 */
import {
  assert,
  assertEquals,
  assertLess,
  assertStringIncludes,
} from "@std/assert";
import { TrackerError } from "../../lib/base/errors.ts";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import { parseIpAddress } from "../../lib/base/ip_address.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { announce } from "../../lib/announce/tracker_client.ts";
import type {
  AnnounceReply,
  AnnounceRequest,
} from "../../lib/announce/announce.ts";
import { FUZZ_SEED } from "../core/fuzz.ts";
import { ANSWER_CLASSES, response } from "./foreign_replies.ts";

/** Answers of each class. */
const ROUNDS = 40;
/** Answers of a class that takes long to make. */
const LARGE_ROUNDS = 2;
const TIMEOUT_MS = 60_000;
const DAY_MS = 86_400_000;

const REQUEST: AnnounceRequest = {
  infoHash: infoHashFromHex("ab".repeat(20)),
  peerId: createPeerId(Math.random),
  port: 6881,
  uploaded: 0,
  downloaded: 0,
  left: 1,
  event: "started",
  numwant: 50,
  key: "00000001",
  trackerId: undefined,
};

/** A server that answers any request with the same bytes and closes the connection. */
class BytesServer implements AsyncDisposable {
  readonly url: string;
  #answer: Uint8Array = new Uint8Array();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #served = new Set<Promise<void>>();

  constructor() {
    this.url = `http://127.0.0.1:${this.#listener.addr.port}/announce`;
    this.#run();
  }

  set answer(bytes: Uint8Array) {
    this.#answer = bytes;
  }

  /** Waits until the client has closed every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.all(this.#served);
  }

  async #run(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#served.add(this.#serve(connection));
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    try {
      using _connection = connection;
      await connection.read(new Uint8Array(4096));
      for (let sent = 0; sent < this.#answer.length;) {
        sent += await connection.write(this.#answer.subarray(sent));
      }
      await connection.closeWrite();
      // The client closes it: bytes that it has not read must not be lost.
      while (await connection.read(new Uint8Array(4096)) !== null);
    } catch {
      // The client has closed the connection.
    }
  }
}

/** Announces once. Returns the reply, or the reason for the failure. */
async function ask(url: string): Promise<AnnounceReply | string> {
  try {
    return await announce(url, REQUEST, { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error;
    assertEquals(error.message.split("\n").length, 1);
    return error.message;
  }
}

function assertWithinBounds(reply: AnnounceReply): void {
  const { intervalMs, minIntervalMs, complete, incomplete, peers } = reply;
  for (const ms of [intervalMs, minIntervalMs]) {
    assert(ms >= 1_000 && ms <= DAY_MS, `${ms}`);
  }
  for (const count of [complete, incomplete]) {
    assert(count === undefined || Number.isSafeInteger(count) && count >= 0);
  }
  assert(peers.length <= 4_000);
  for (const { hostname, port } of peers) {
    assert(parseIpAddress(hostname) !== undefined, hostname);
    assert(Number.isInteger(port) && port > 0 && port < 65_536, `${port}`);
  }
}

for (const { name, make, outcome, isLarge } of ANSWER_CLASSES) {
  const rounds = isLarge ? LARGE_ROUNDS : ROUNDS;
  Deno.test(`announce() survives ${name} (seed ${FUZZ_SEED})`, async () => {
    const random = seededRandom(FUZZ_SEED);
    await using server = new BytesServer();
    for (let round = 0; round < rounds; round++) {
      server.answer = await make(random, server.url);
      const startMs = performance.now();
      const answer = await ask(server.url);
      const elapsedMs = performance.now() - startMs;
      assertLess(elapsedMs, TIMEOUT_MS + 30_000);
      const isReply = typeof answer !== "string";
      if (outcome !== undefined) {
        assertEquals(isReply, outcome === "reply", JSON.stringify(answer));
      }
      if (isReply) assertWithinBounds(answer);
    }
  });
}

Deno.test("announce() gives the failure reason of an HTTP error", async () => {
  await using server = new BytesServer();
  const reason = "d14:failure reason12:unregisterede";
  server.answer = response(reason, {}, "403 Forbidden");
  assertStringIncludes(
    String(await ask(server.url)),
    "the tracker refused: unregistered",
  );
  for (const body of ["", "<html>", "x".repeat(1e6), "d6:reason2:noe", "le"]) {
    server.answer = response(body, {}, "403 Forbidden");
    assertStringIncludes(
      String(await ask(server.url)),
      "the answer is HTTP status 403",
    );
  }
});
