import { assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../lib/base/version.ts";
import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { executableTest } from "./executable_test_case.ts";

const ANNOUNCE = "http://10.77.0.9:8000/announce";

/** What a program wrote and how it ended, on a bare host of its own. */
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
    // So that a person who has the file can tell which machine it is for.
    assertMatch(version.stdout, new RegExp(Deno.build.target));
  }
});

commandLineTest(
  "executables end with 2 and one line on a flag that they do not have",
  async (host) => {
    for (const program of ["tracker", "peer"] as const) {
      const { code, stdout, stderr } = await host.run(program, ["--colour"]);
      assertEquals([code, stdout], [2, ""]);
      assertMatch(stderr, /^error: cannot .*--colour; see --help\n$/);
    }
  },
);

commandLineTest(
  "executables end with 3 and one line on a broken torrent file",
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
  "the executable peer makes a torrent file and shows it",
  async (host) => {
    await Deno.writeTextFile(host.path("sample.bin"), "content");
    const made = await host.run("peer", ["create", "sample.bin", ANNOUNCE]);
    assertEquals([made.code, made.stderr], [0, ""]);
    // What to do next is said in the words of those who have executables.
    assertMatch(made.stdout, /peer sample\.bin\.torrent/);
    const shown = await host.run("peer", [
      ...["show", "sample.bin.torrent", "--json"],
    ]);
    assertEquals([shown.code, shown.stderr], [0, ""]);
    const { name, length, announce } = JSON.parse(shown.stdout);
    assertEquals([name, length, announce], ["sample.bin", 7, [[ANNOUNCE]]]);
  },
);
