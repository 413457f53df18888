import { assertEquals } from "@std/assert";
import {
  type KeptConnection,
  UdpConnections,
} from "../../../lib/announce/udp_connections.ts";

function connection(id: bigint, receivedAtMs = 0): KeptConnection {
  const address = { hostname: "192.0.2.1", port: 8000 };
  return { connection: { address, id, receivedAtMs }, localPort: 50_000 };
}

Deno.test("UdpConnections hands a connection out once, until it is kept again", () => {
  const connections = new UdpConnections();
  const kept = connection(1n);
  assertEquals(connections.take("a", 0), undefined);
  connections.keep("a", kept);
  assertEquals(connections.take("b", 0), undefined);
  assertEquals(connections.take("a", 0), kept);
  assertEquals(connections.take("a", 0), undefined);
  connections.keep("a", kept);
  connections.keep("a", connection(2n));
  assertEquals(connections.take("a", 0)?.connection.id, 2n);
});

Deno.test("UdpConnections hands out no connection that is older than a minute", () => {
  const connections = new UdpConnections();
  connections.keep("a", connection(1n, 1_000));
  assertEquals(connections.take("a", 60_999)?.connection.id, 1n);
  connections.keep("a", connection(1n, 1_000));
  assertEquals(connections.take("a", 61_000), undefined);
});

Deno.test("UdpConnections forgets the oldest of more than a hundred", () => {
  const connections = new UdpConnections();
  for (let index = 0; index <= 100; index++) {
    connections.keep(`${index}`, connection(BigInt(index)));
  }
  assertEquals(connections.take("0", 0), undefined);
  assertEquals(connections.take("1", 0)?.connection.id, 1n);
  assertEquals(connections.take("100", 0)?.connection.id, 100n);
});
