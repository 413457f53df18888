/**
 * UDP trackers for tests: our own over a store in memory, and one that follows a
 * test's script.
 */
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import { startUdpServer } from "../../lib/tracker/tracker_sockets.ts";
import { openUdpSocket, type UdpSocket } from "../../lib/net/udp_socket.ts";
import { MemoryStore } from "../../lib/tracker/store/memory_store.ts";
import { UDP_ACTIONS } from "../../lib/announce/udp_request.ts";
import { Tracker } from "../../lib/tracker/tracker.ts";
import { createUdpHandler } from "../../lib/tracker/udp_handler.ts";
import {
  readUdpRequestHead,
  type UdpRequestHead,
} from "../../lib/announce/udp_request.ts";

export interface TestTracker extends AsyncDisposable {
  readonly port: number;
  /** `udp://127.0.0.1:PORT/announce` */
  readonly url: string;
}

function testTracker(port: number, stop: () => Promise<void>): TestTracker {
  const url = `udp://127.0.0.1:${port}/announce`;
  return { port, url, [Symbol.asyncDispose]: stop };
}

/** Starts our tracker on every address. */
export function startUdpTracker(port = 0): TestTracker {
  const server = startUdpServer({
    port,
    handle: createUdpHandler({
      tracker: new Tracker({
        store: new MemoryStore({ peerTimeoutMs: 60_000, random: Math.random }),
        intervalMs: () => 7_000,
      }),
      secret: crypto.getRandomValues(new Uint8Array(16)),
    }),
    onError: reportError,
  });
  return testTracker(server.port, server.stop);
}

/** A request that the script of {@linkcode startScriptedTracker} answers. */
export interface ScriptedRequest extends UdpRequestHead {
  readonly what: string;
  readonly from: PeerAddress;
  /** Answers from the tracker's socket. */
  readonly answer: (datagram: Uint8Array) => void;
}

/** A tracker that does only what its script does. */
export interface ScriptedTracker extends TestTracker {
  /** The requests in the order of their arrival. */
  readonly requests: readonly ScriptedRequest[];
}

export function startScriptedTracker(
  script: (request: ScriptedRequest) => void,
): ScriptedTracker {
  const requests: ScriptedRequest[] = [];
  const socket: UdpSocket = openUdpSocket({
    hostname: "127.0.0.1",
    port: 0,
    onDatagram: (datagram, from) => {
      const head = readUdpRequestHead(datagram)!;
      const request = {
        ...head,
        what: Object.keys(UDP_ACTIONS)[head.action]!,
        from,
        answer: (datagram: Uint8Array) => socket.send(datagram, from),
      };
      requests.push(request);
      script(request);
    },
    onError: reportError,
  });
  return {
    ...testTracker(socket.port, socket.close),
    requests,
  };
}
