import { assertEquals } from "@std/assert";
import { canMoveCursor } from "../../../cli/console.ts";

Deno.test("canMoveCursor() is false for executables that Windows shows escapes of", () => {
  const cases: [denoVersion: string, canMove: boolean][] = [
    ["2.4.2", false],
    ["2.8.1", false],
    ["2.8.2", true],
    ["2.8.10", true],
    ["2.9.0", true],
    ["2.10.0-rc.1", true],
    ["3.0.0", true],
  ];
  for (const [denoVersion, canMove] of cases) {
    const host = {
      platform: "windows",
      isStandalone: true,
      denoVersion,
    } as const;
    assertEquals(canMoveCursor(host), canMove, denoVersion);
    assertEquals(canMoveCursor({ ...host, isStandalone: false }), true);
    assertEquals(canMoveCursor({ ...host, platform: "linux" }), true);
  }
});
