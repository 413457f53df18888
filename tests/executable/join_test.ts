/**
 * Machines with nothing installed join a share with the line that it prints.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  bareHost,
  BUSYBOX,
  busyboxHost,
} from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { report } from "../report.ts";
import { executableTest } from "./executable_test_case.ts";

const NAME = "sample.bin";
const LENGTH = 24 * 1024 * 1024 + 4321;
const CURL = "/usr/bin/curl";
const MACHINES = Array.from({ length: 12 }, (_, index) => `m${index}` as const);

const missing = await missingCommand();

async function missingCommand(): Promise<string | undefined> {
  for (const path of [BUSYBOX, CURL]) {
    try {
      await Deno.stat(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return `${path} is not installed`;
    }
  }
}

/** The join line with flags for get; for a machine without curl, with wget. */
function lineFor(host: Host, line: string, dir: string): string {
  const flags = `-s -- --dir ${dir} --exit-when-complete --json`;
  const command = host.name === "m0"
    ? line
    : line.replace("curl -fsS", "wget -qO-");
  assert(command.endsWith("| sh"), line);
  return `export HOME=/work PATH=/work/bin; ${command} ${flags}`;
}

/** Runs the line to its end; returns the time to the first verified piece. */
async function joinShare(
  host: Host,
  line: string,
  dir: string,
): Promise<number> {
  const startMs = Date.now();
  const joining: RunningProgram = host.spawn("busybox", [
    ...["sh", "-c", lineFor(host, line, dir)],
  ]);
  const first = await joining.stdout.waitFor(/"pieceVerified"/, 180_000);
  const { time } = JSON.parse(first.input!);
  const { code, stderr } = await joining.result;
  assertEquals(code, 0, `${host.name}: ${stderr}`);
  return Date.parse(time) - startMs;
}

executableTest(
  "twelve machines with busybox alone join a share with the line that it prints",
  async (executables) => {
    await using lan = await createLan(["source", ...MACHINES]);
    const source = await bareHost(lan.host("source"), {
      executables,
      programs: ["lanswarm"],
    });
    await writeRandomFile(source.path(NAME), LENGTH);
    const sha256 = await sha256Of(source.path(NAME));
    const share = source.spawn("lanswarm", ["share", NAME]);
    const printed = await share.stdout.waitFor(/curl .*$/);
    const line = printed[0];
    assertMatch(line, /^curl -fsS http:\/\/10\.77\.0\.1:8000\/join \| sh$/);
    const executable = executables.lanswarm;
    const hosts = await Promise.all(
      MACHINES.map((name) =>
        busyboxHost(lan.host(name), {
          executable,
          commands: name === "m0" ? [CURL] : [],
        })
      ),
    );
    const [alone, ...others] = hosts;
    const aloneMs = await joinShare(alone!, line, "first");
    const times = await Promise.all(
      others.map((host) => joinShare(host, line, "first")),
    );
    const cachedMs = await joinShare(alone!, line, "second");
    report(
      `from the join line to the first piece: ${aloneMs} ms, ${cachedMs} ms with the executable in the cache, at most ${
        Math.max(...times)
      } ms for eleven machines at once`,
    );
    const sum = await sha256Of(executable);
    for (const host of hosts) {
      assertEquals(await sha256Of(host.path("first", NAME)), sha256, host.name);
      const cache = host.path(".cache", "lanswarm");
      const kept = await Array.fromAsync(Deno.readDir(cache));
      assertEquals(kept.map(({ name }) => name), [`lanswarm-${sum}`]);
    }
    assertEquals(await sha256Of(alone!.path("second", NAME)), sha256);
    assertEquals((await share.stop("SIGTERM")).code, 0);
  },
  { missing },
);
