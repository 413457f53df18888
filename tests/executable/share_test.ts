/**
 * The executable of every program, on machines on which nothing is installed.
 */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { bareHost } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { executableTest } from "./executable_test_case.ts";

const NAME = "images.iso";
const LENGTH = 8 * 2 ** 20 + 12_345;
/** Longest time to the address on a busy machine, in milliseconds; 220 on a quiet one. */
const MAX_ADDRESS_MS = 5_000;

executableTest(
  "lanswarm shares and gets with nothing typed; its addresses come at once",
  async (executables) => {
    await using lan = await createLan(["first", "second", "third"]);
    const options = { executables, programs: ["lanswarm"] } as const;
    const [first, second, third] = await Promise.all(
      (["first", "second", "third"] as const)
        .map((name) => bareHost(lan.host(name), options)),
    );
    await writeRandomFile(first!.path(NAME), LENGTH);
    const [start, address] = await leastTimes(first!);
    const line =
      `lanswarm starts in ${start} ms, share prints its address in ` +
      `${address} ms\n`;
    await Deno.stdout.write(new TextEncoder().encode(line));
    assertLess(address, MAX_ADDRESS_MS);

    const share = first!.spawn("lanswarm", ["share", NAME, "--expect", "2"]);
    await share.stdout.waitFor(/^ {2}On each other machine +lanswarm get$/);
    await share.stdout.waitFor(
      /^ {2}With nothing installed +curl -fsS .*\/join \| sh$/,
    );
    const get = second!.spawn("lanswarm", ["get"]);
    await get.stdout.waitFor(/is complete and verified.* Helping the others/);
    // From the second, which offers the share too; the first counts it all the same.
    const last = await third!.run("lanswarm", [
      ...["get", second!.address, "--exit-when-complete"],
    ]);
    assertEquals([last.code, last.stderr], [0, ""]);
    const shared = await share.ended();
    assertEquals([shared.code, shared.stderr], [0, ""]);
    for (const host of [second!, third!]) {
      assertEquals(
        await sha256Of(host.path(NAME)),
        await sha256Of(first!.path(NAME)),
      );
    }
    const { code, stderr } = await get.stop("SIGTERM");
    assertEquals([code, stderr], [0, ""]);
  },
);

executableTest(
  "lanswarm runs every command, and names them without one",
  async (executables) => {
    await using lan = await createLan(["only"]);
    const programs = ["lanswarm"] as const;
    const host = await bareHost(lan.host("only"), { executables, programs });
    const { code, stdout } = await host.run("lanswarm", []);
    assertEquals(code, 0);
    assertMatch(stdout, /^ {2}lanswarm share images /m);
    for (
      const command of [
        "share",
        "get",
        "wait",
        "tracker",
        "create",
        "peer",
        "show",
      ]
    ) {
      const help = await host.run("lanswarm", [command, "--help"]);
      assertEquals([help.code, help.stderr], [0, ""]);
      assertMatch(help.stdout, new RegExp(`^Usage: lanswarm ${command}`, "m"));
    }
    const wrong = await host.run("lanswarm", ["fetch"]);
    assertEquals(wrong.code, 2);
    // Without discovery there is nothing that only a bare machine lacks.
    const none = await host.run("lanswarm", [
      "get",
      "127.0.0.1",
      "--retry-for",
      "0",
    ]);
    assertEquals(none.code, 5);
  },
);

/** The least times of a few runs until the version and until the address, in milliseconds. */
async function leastTimes(host: Host): Promise<[number, number]> {
  const least: [number, number] = [Infinity, Infinity];
  const rows = [
    [["--version"], /^lanswarm /],
    [["share", NAME], /^ {2}Watch +http:\/\/10\.77\.0\.1:8000\/$/],
  ] as const;
  for (let run = 1; run <= 4; run++) {
    for (const [index, [args, pattern]] of rows.entries()) {
      const startMs = performance.now();
      const program = host.spawn("lanswarm", args);
      await program.stdout.waitFor(pattern);
      const tookMs = Math.round(performance.now() - startMs);
      least[index] = Math.min(least[index]!, tookMs);
      assertEquals((await program.stop("SIGTERM")).code, 0);
    }
  }
  return least;
}
