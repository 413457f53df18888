/**
 * The UDP server on real sockets, with raw datagrams.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { delay } from "@std/async/delay";
import { seededRandom } from "../../lib/base/random.ts";
import { startUdpServer } from "../../lib/tracker/tracker_sockets.ts";
import { openUdpSocket, type UdpSocket } from "../../lib/net/udp_socket.ts";
import {
  encodeUdpConnect,
  encodeUdpScrape,
} from "../../lib/announce/udp_request.ts";
import {
  parseUdpConnected,
  readUdpResponseHead,
} from "../../lib/announce/udp_response.ts";
import { infoHashFromHex } from "../../lib/base/identifier.ts";
import { hasIpv6 } from "./machine.ts";
import { startUdpTracker } from "./udp_tracker.ts";

/** A socket that exchanges datagrams with one tracker on this machine. */
interface Client extends AsyncDisposable {
  readonly socket: UdpSocket;
  /** Sends a datagram until the next one arrives, and returns that one. */
  request(datagram: Uint8Array): Promise<Uint8Array>;
}

function openClient(hostname: "127.0.0.1" | "::1", port: number): Client {
  const arrived: Uint8Array[] = [];
  let last = "";
  const socket = openUdpSocket({
    hostname,
    port: 0,
    onDatagram: (datagram, source) => {
      assertEquals(source, { hostname, port });
      arrived.push(datagram);
    },
    onError: reportError,
  });
  return {
    socket,
    request: async (datagram) => {
      for (let tries = 0; tries < 30; tries++) {
        socket.send(datagram, { hostname, port });
        for (let waits = 0; waits < 200 && arrived.length === 0; waits++) {
          await delay(5);
        }
        const first = arrived.shift();
        if (first === undefined) continue;
        // A request that was repeated has several answers: the rest is not the next's.
        const head = first.subarray(0, 8).join();
        if (first.length >= 8 && head === last) continue;
        last = head;
        return first;
      }
      throw new Error(`no answer from ${hostname}`);
    },
    [Symbol.asyncDispose]: socket.close,
  };
}

const IPV6_LOOPBACK = hasIpv6() ? ["::1"] as const : [];

for (const hostname of ["127.0.0.1", ...IPV6_LOOPBACK] as const) {
  Deno.test(`the UDP server drops garbage from ${hostname} and serves on`, async () => {
    await using tracker = startUdpTracker();
    await using client = openClient(hostname, tracker.port);
    const random = seededRandom(1);
    const to = { hostname, port: tracker.port };
    for (let length = 0; length < 400; length++) {
      const garbage = Uint8Array.from(
        { length: length * 5 },
        () => Math.floor(random() * 256),
      );
      client.socket.send(garbage, to);
      // At most as many at once as a socket's buffer holds.
      if (length % 50 === 0) await delay(5);
    }
    const answer = await client.request(encodeUdpConnect(7));
    // The first response is that to the last request.
    assertEquals(answer.subarray(0, 8), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7));
    assertEquals(answer.length, 16);
  });
}

Deno.test("the UDP server does not answer a connection id that it did not issue", async () => {
  await using tracker = startUdpTracker();
  await using client = openClient("127.0.0.1", tracker.port);
  const connectionId = parseUdpConnected(
    await client.request(encodeUdpConnect(1)),
  );
  const scrape = (connectionId: bigint, transactionId: number): Uint8Array =>
    encodeUdpScrape([infoHashFromHex("ab".repeat(20))], {
      connectionId,
      transactionId,
    });
  const to = { hostname: "127.0.0.1", port: tracker.port };
  client.socket.send(scrape(connectionId ^ 1n, 2), to);
  const answer = await client.request(scrape(connectionId, 3));
  assertEquals(readUdpResponseHead(answer), { action: 2, transactionId: 3 });
});

Deno.test("the UDP server survives errors of its handler and reports them", async () => {
  const errors: unknown[] = [];
  const server = startUdpServer({
    hostname: "127.0.0.1",
    port: 0,
    handle: ([first]) => {
      if (first! < 3) throw new Error(`fault ${first}`);
      return Uint8Array.of(9);
    },
    onError: (error) => errors.push(error),
  });
  await using client = openClient("127.0.0.1", server.port);
  const to = { hostname: "127.0.0.1", port: server.port };
  for (const first of [1, 2]) {
    client.socket.send(Uint8Array.of(first), to);
    const end = performance.now() + 10_000;
    while (errors.length < first) {
      assert(performance.now() < end);
      await delay(5);
    }
  }
  assertEquals(errors.map(String), ["Error: fault 1", "Error: fault 2"]);
  assertEquals(await client.request(Uint8Array.of(3)), Uint8Array.of(9));
  await server.stop();
});

Deno.test("startUdpServer() throws for a port that is taken, and stop() frees the port", async () => {
  const options = {
    handle: () => undefined,
    onError: reportError,
  };
  const server = startUdpServer({ ...options, port: 0 });
  const { port } = server;
  for (const hostname of [undefined, "127.0.0.1"]) {
    assertThrows(
      () => startUdpServer({ ...options, hostname, port }),
      Deno.errors.AddrInUse,
    );
  }
  assertThrows(
    // An address for documentation, which no machine has. [RFC 5737]
    () => startUdpServer({ ...options, hostname: "192.0.2.1", port: 0 }),
    Deno.errors.AddrNotAvailable,
  );
  await server.stop();
  await startUdpServer({ ...options, port }).stop();
  await server.stop();
});
