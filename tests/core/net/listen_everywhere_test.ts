import { assertEquals, assertThrows } from "@std/assert";
import {
  bindEverywhere,
  isPortTaken,
} from "../../../lib/net/listen_everywhere.ts";

const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;

/** A host whose `bind` is scripted, and a log of the calls. */
class FakeHost {
  readonly log: string[] = [];
  readonly #refuse: (hostname: string, port: number) => Error | undefined;
  #freePort = 50_000;

  constructor(refuse: (hostname: string, port: number) => Error | undefined) {
    this.#refuse = refuse;
  }

  listen(port: number, os: string): string[] {
    return bindEverywhere(port, {
      bind: (hostname, port) => {
        const chosen = port === 0 ? this.#freePort++ : port;
        const error = this.#refuse(hostname, chosen);
        if (error !== undefined) throw error;
        return `${hostname} ${chosen}`;
      },
      portOf: (socket) => Number(socket.split(" ")[1]),
      close: (socket) => this.log.push(`closed ${socket}`),
      os,
    });
  }
}

Deno.test("bindEverywhere() binds one socket for both families on Linux", () => {
  const host = new FakeHost((hostname) =>
    hostname === "0.0.0.0" ? new AddrInUse() : undefined
  );
  assertEquals(host.listen(8000, "linux"), [":: 8000"]);
  assertEquals(host.log, []);
});

Deno.test("bindEverywhere() binds one socket for each family on Windows", () => {
  const host = new FakeHost(() => undefined);
  assertEquals(host.listen(8000, "windows"), [":: 8000", "0.0.0.0 8000"]);
});

Deno.test("bindEverywhere() closes the IPv6 socket of a port that is taken for IPv4 on Windows", () => {
  for (const ErrorClass of [AddrInUse, PermissionDenied]) {
    const host = new FakeHost((hostname) =>
      hostname === "0.0.0.0" ? new ErrorClass() : undefined
    );
    assertThrows(() => host.listen(8000, "windows"), ErrorClass);
    assertEquals(host.log, ["closed :: 8000"]);
  }
});

Deno.test("bindEverywhere() tries free ports until one is free for both families", () => {
  const host = new FakeHost((hostname, port) =>
    hostname === "0.0.0.0" && port < 50_003 ? new AddrInUse() : undefined
  );
  assertEquals(host.listen(0, "windows"), [":: 50003", "0.0.0.0 50003"]);
  assertEquals(host.log, [50_000, 50_001, 50_002].map((n) => `closed :: ${n}`));
});

Deno.test("bindEverywhere() stops trying free ports in the end", () => {
  const host = new FakeHost((hostname) =>
    hostname === "0.0.0.0" ? new AddrInUse() : undefined
  );
  assertThrows(() => host.listen(0, "windows"), AddrInUse);
});

Deno.test("bindEverywhere() binds IPv4 alone on a host without IPv6", () => {
  for (const os of ["linux", "windows"]) {
    const host = new FakeHost((hostname) =>
      hostname === "::" ? new AddrNotAvailable() : undefined
    );
    assertEquals(host.listen(8000, os), ["0.0.0.0 8000"]);
  }
});

Deno.test("isPortTaken() recognizes the ports that Windows reserves", () => {
  const cases: [error: Error, windows: boolean, linux: boolean][] = [
    [new AddrInUse(), true, true],
    [new PermissionDenied(), true, false],
    [new AddrNotAvailable(), false, false],
  ];
  for (const [error, windows, linux] of cases) {
    assertEquals(isPortTaken(error, "windows"), windows);
    assertEquals(isPortTaken(error, "linux"), linux);
  }
});
