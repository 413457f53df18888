import { assertEquals } from "@std/assert";
import {
  appealForHandles,
  giveWayOnShortage,
  isHandleShortage,
} from "../../../lib/base/fd_pressure.ts";

Deno.test("appealForHandles() asks all who hold some, once for those who lack at the same time", () => {
  const asked: string[] = [];
  using _files = giveWayOnShortage((now) => asked.push(`files at ${now}`));
  {
    using _sockets = giveWayOnShortage((now) =>
      asked.push(`sockets at ${now}`)
    );
    appealForHandles(1_000_000);
    appealForHandles(1_000_100);
  }
  appealForHandles(1_000_300);
  assertEquals(asked, [
    "files at 1000000",
    "sockets at 1000000",
    "files at 1000300",
  ]);
});

Deno.test("isHandleShortage() knows it by the code, by the number in the text, and in a cause", () => {
  const coded = Object.assign(new Error("no"), { code: "EMFILE" });
  const ofMachine = Object.assign(new Error("no"), { code: "ENFILE" });
  const told = new Error("tcp open error: Too many open files (os error 24)");
  for (const error of [coded, ofMachine, told]) {
    assertEquals(isHandleShortage(error), true);
    const outer = new Error("Cannot go on", { cause: error });
    assertEquals(isHandleShortage(new Error("!", { cause: outer })), true);
  }
  const refused = new Error("Connection refused (os error 111)");
  for (
    const error of [refused, undefined, "EMFILE", new Error("os error 24")]
  ) {
    assertEquals(isHandleShortage(error), false);
  }
});
