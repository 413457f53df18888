import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  posixJoinScript,
  powershellJoinScript,
} from "../../../lib/share/join_script.ts";

const ORIGIN = "http://192.0.2.1:8000";
const SUM = "ab".repeat(32);
const LINUX = { target: "x86_64-unknown-linux-gnu", sha256: SUM };
const WINDOWS = { target: "x86_64-pc-windows-msvc", sha256: SUM };

Deno.test("posixJoinScript() has at most 40 lines, and the last one calls the rest", () => {
  for (const executables of [[], [LINUX]]) {
    const lines = posixJoinScript({ origin: ORIGIN, executables })
      .trimEnd().split("\n");
    assert(lines.length <= 40, `${lines.length} lines`);
    assertEquals(lines[0], "#!/bin/sh");
    assertEquals(lines.at(-1), 'main "$@"');
  }
});

Deno.test("posixJoinScript() names the SHA-256 of an executable, or the command that builds it", () => {
  const script = posixJoinScript({ origin: ORIGIN, executables: [LINUX] });
  assertStringIncludes(
    script,
    `'Linux x86_64') target=x86_64-unknown-linux-gnu sum=${SUM} ;;`,
  );
  assertStringIncludes(
    script,
    `'Darwin arm64') fail "${ORIGIN} has no executable for $system; ` +
      'there, run: deno task compile --target aarch64-apple-darwin" ;;',
  );
});

Deno.test("powershellJoinScript() checks the executable, or says that there is none", () => {
  const script = powershellJoinScript({
    origin: ORIGIN,
    executables: [WINDOWS],
  });
  // Get-FileHash writes capital letters.
  assertEquals(script.split(SUM.toUpperCase()).length - 1, 2);
  assertStringIncludes(script, `& $file get '${ORIGIN}/'`);
  assertEquals(script.trimEnd().split("\n").at(-1), "Start-Lanswarm");
  const without = powershellJoinScript({
    origin: ORIGIN,
    executables: [LINUX],
  });
  assertStringIncludes(without, "throw 'lanswarm: ");
  assertEquals(without.includes("Invoke-WebRequest"), false);
});
