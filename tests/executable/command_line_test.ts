import { assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../lib/base/version.ts";
import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { executableTest } from "./executable_test_case.ts";

const ANNOUNCE = "http://10.77.0.9:8000/announce";

/** Registers a test of the output and exit code of a program on a bare host. */
function commandLineTest(
  name: string,
  fn: (host: Host) => Promise<void>,
): void {
  executableTest(name, async (executables) => {
    await using lan = await createLan(["only"]);
    const host = await bareHost(lan.host("only"), {
      executables,
      programs: ["tracker", "peer"],
      user: NOBODY,
    });
    await fn(host);
  });
}

commandLineTest("executables print their help and version", async (host) => {
  for (const program of ["tracker", "peer"] as const) {
    const help = await host.run(program, ["--help"]);
    assertEquals([help.code, help.stderr], [0, ""]);
    assertMatch(help.stdout, new RegExp(`^Usage: ${program} `, "m"));
    const version = await host.run(program, ["--version"]);
    assertEquals([version.code, version.stderr], [0, ""]);
    assertEquals(version.stdout.startsWith(`lanswarm ${VERSION}`), true);
    // It tells the user which machine the file is for.
    assertMatch(version.stdout, new RegExp(Deno.build.target));
  }
});

commandLineTest(
  "executables end with 2 and one line on an unknown flag",
  async (host) => {
    for (const program of ["tracker", "peer"] as const) {
      const { code, stdout, stderr } = await host.run(program, ["--colour"]);
      assertEquals([code, stdout], [2, ""]);
      assertMatch(stderr, /^error: cannot .*--colour; see --help\n$/);
    }
  },
);

commandLineTest(
  "executables end with 3 and one line on an invalid torrent file",
  async (host) => {
    await Deno.writeTextFile(host.path("sample.bin"), "content");
    await host.run("peer", ["create", "sample.bin", ANNOUNCE, "good.torrent"]);
    const good = await Deno.readFile(host.path("good.torrent"));
    await Deno.writeFile(host.path("bad.torrent"), good.subarray(0, -9));
    for (const args of [["bad.torrent"], ["show", "bad.torrent"]]) {
      const { code, stdout, stderr } = await host.run("peer", args);
      assertEquals([code, stdout], [3, ""]);
      assertMatch(stderr, /^error: cannot read bad\.torrent .*\n$/);
    }
  },
);

commandLineTest(
  "the executable peer creates a torrent file and shows it",
  async (host) => {
    await Deno.writeTextFile(host.path("sample.bin"), "content");
    const made = await host.run("peer", ["create", "sample.bin", ANNOUNCE]);
    assertEquals([made.code, made.stderr], [0, ""]);
    // The next steps name the executable.
    assertMatch(made.stdout, /peer sample\.bin\.torrent/);
    const shown = await host.run("peer", [
      ...["show", "sample.bin.torrent", "--json"],
    ]);
    assertEquals([shown.code, shown.stderr], [0, ""]);
    const { name, length, announce } = JSON.parse(shown.stdout);
    assertEquals([name, length, announce], ["sample.bin", 7, [[ANNOUNCE]]]);
  },
);
