import { assertEquals } from "@std/assert";
import { FdPressure } from "../../../lib/base/fd_pressure.ts";

const SHORTAGE = Object.assign(new Error("no"), { code: "EMFILE" });

Deno.test("FdPressure.relieve() asks every holder, once for shortages at the same time", () => {
  const asked: string[] = [];
  const pressure = new FdPressure();
  using _files = pressure.onShortage((now) => asked.push(`files at ${now}`));
  {
    using _sockets = pressure.onShortage((now) =>
      asked.push(`sockets at ${now}`)
    );
    pressure.relieve(SHORTAGE, 1_000_000);
    pressure.relieve(SHORTAGE, 1_000_100);
  }
  pressure.relieve(SHORTAGE, 1_000_300);
  assertEquals(asked, [
    "files at 1000000",
    "sockets at 1000000",
    "files at 1000300",
  ]);
});

Deno.test("FdPressure.relieve() recognizes a shortage by code, by the number in the text, and in a cause", () => {
  const pressure = new FdPressure();
  const ofMachine = Object.assign(new Error("no"), { code: "ENFILE" });
  const ofFetch = new Error(
    "tcp open error: Too many open files (os error 24)",
  );
  for (const error of [SHORTAGE, ofMachine, ofFetch]) {
    assertEquals(pressure.relieve(error, 0), true);
    const outer = new Error("Cannot go on", { cause: error });
    assertEquals(
      pressure.relieve(new Error("!", { cause: outer }), 0),
      true,
    );
  }
});

Deno.test("FdPressure.relieve() ignores other errors", () => {
  const pressure = new FdPressure();
  using _files = pressure.onShortage(() => {
    throw new Error("asked");
  });
  const refused = new Error("Connection refused (os error 111)");
  for (
    const error of [refused, undefined, "EMFILE", new Error("os error 24")]
  ) {
    assertEquals(pressure.relieve(error, 0), false);
  }
});
