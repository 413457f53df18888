import { assertEquals } from "@std/assert";
import { canRewriteLines } from "../../../cli/console.ts";

Deno.test("canRewriteLines() is false for executables that Windows shows escapes of", () => {
  const cases: [denoVersion: string, canRewrite: boolean][] = [
    ["2.4.2", false],
    ["2.8.1", false],
    ["2.8.2", true],
    ["2.8.10", true],
    ["2.9.0", true],
    ["2.10.0-rc.1", true],
    ["3.0.0", true],
  ];
  for (const [denoVersion, canRewrite] of cases) {
    const host = {
      platform: "windows",
      isStandalone: true,
      denoVersion,
    } as const;
    assertEquals(canRewriteLines(host), canRewrite, denoVersion);
    assertEquals(canRewriteLines({ ...host, isStandalone: false }), true);
    assertEquals(canRewriteLines({ ...host, platform: "linux" }), true);
  }
});
