import { assert, assertEquals } from "@std/assert";
import {
  type ConnectionPhase,
  ConnectionTable,
  type TrackedConnection,
} from "../../../lib/http/connection_table.ts";

/** A connection with nothing but the properties that the table reads. */
class FakeConnection implements TrackedConnection {
  readonly remoteHostname: string;
  phase: ConnectionPhase;
  sinceMs: number;
  isClosed = false;

  constructor(hostname: string, phase: ConnectionPhase, sinceMs: number) {
    this.remoteHostname = hostname;
    this.phase = phase;
    this.sinceMs = sinceMs;
  }

  close(): void {
    this.isClosed = true;
    this.phase = "closed";
  }
}

const MANY = { maxConnections: 100, maxConnectionsPerAddress: 100 };

Deno.test("ConnectionTable closes the connection that has been idle for longest for a new one", () => {
  const table = new ConnectionTable({ ...MANY, maxConnections: 3 });
  const younger = new FakeConnection("192.0.2.1", "idle", 30);
  const older = new FakeConnection("192.0.2.2", "idle", 20);
  const oldest = new FakeConnection("192.0.2.3", "receiving", 10);
  for (const connection of [younger, older, oldest]) {
    assert(table.add(connection));
  }
  assert(table.add(new FakeConnection("192.0.2.4", "idle", 40)));
  assertEquals(
    [younger, older, oldest].map(({ isClosed }) => isClosed),
    [false, true, false],
  );
  table.delete(older);
  assertEquals(table.size, 3);
});

Deno.test("ConnectionTable closes a connection of the address that has most, not an older one of another", () => {
  const table = new ConnectionTable({ ...MANY, maxConnections: 6 });
  const honest = [1, 2].map((number) =>
    new FakeConnection(`192.0.2.${number}`, "idle", number)
  );
  // Each request that it begins makes its connections look younger.
  const crowd = [11, 12, 13, 14].map((sinceMs) =>
    new FakeConnection("192.0.2.66", "receiving", sinceMs)
  );
  for (const connection of [...honest, ...crowd]) table.add(connection);
  const closed = (): boolean[] =>
    [...honest, ...crowd].map(({ isClosed }) => isClosed);
  for (const number of [3, 4]) {
    assert(table.add(new FakeConnection(`192.0.2.${number}`, "idle", 20)));
    for (const it of crowd) if (it.isClosed) table.delete(it);
  }
  assertEquals(closed(), [false, false, true, true, false, false]);
  // It has two left, and another address would have as many.
  assert(table.add(new FakeConnection("192.0.2.3", "idle", 30)));
  assertEquals(closed(), [true, false, true, true, false, false]);
});

Deno.test("ConnectionTable never closes a connection that waits for its response, and streams last", () => {
  const table = new ConnectionTable({ ...MANY, maxConnections: 5 });
  const phases: ConnectionPhase[] = [
    ...["answering", "streaming", "sending", "leaving", "receiving"] as const,
  ];
  const connections = phases.map((phase, index) =>
    new FakeConnection("192.0.2.1", phase, index)
  );
  for (const connection of connections) table.add(connection);
  const closedPhases: ConnectionPhase[] = [];
  while (table.add(new FakeConnection("192.0.2.2", "answering", 9))) {
    const closed = connections.findIndex(({ isClosed }) => isClosed);
    table.delete(connections[closed]!);
    connections.splice(closed, 1);
    closedPhases.push(...phases.splice(closed, 1));
  }
  assertEquals(closedPhases, ["sending", "leaving", "receiving", "streaming"]);
});

Deno.test("ConnectionTable limits each address without closing connections of others", () => {
  const table = new ConnectionTable({ ...MANY, maxConnectionsPerAddress: 2 });
  const other = new FakeConnection("192.0.2.1", "idle", 0);
  const first = new FakeConnection("192.0.2.2", "idle", 1);
  const second = new FakeConnection("192.0.2.2", "answering", 2);
  for (const connection of [other, first, second]) table.add(connection);
  assert(table.add(new FakeConnection("192.0.2.2", "answering", 3)));
  assert(first.isClosed);
  table.delete(first);
  assert(!table.add(new FakeConnection("192.0.2.2", "idle", 4)));
  table.delete(second);
  table.delete(second);
  assert(table.add(new FakeConnection("192.0.2.2", "idle", 5)));
  assert(!other.isClosed);
  assertEquals(table.size, 3);
});

Deno.test("ConnectionTable.closeOverdue() closes connections that wait for their client, not for the handler", () => {
  const table = new ConnectionTable(MANY);
  const phases: readonly ConnectionPhase[] = [
    ...["idle", "receiving", "sending", "leaving"] as const,
    ...["answering", "streaming"] as const,
  ];
  const overdue = phases.map((phase) => new FakeConnection("a", phase, 10));
  const timely = phases.map((phase) => new FakeConnection("a", phase, 11));
  for (const connection of [...overdue, ...timely]) table.add(connection);
  table.closeOverdue(10);
  assertEquals(
    overdue.filter(({ isClosed }) => !isClosed).map(({ phase }) => phase),
    ["answering", "streaming"],
  );
  assert(timely.every(({ isClosed }) => !isClosed));
});
