/**
 * Machines with nothing installed join a share with the line that it prints.
 */
import { assertEquals } from "@std/assert";
import {
  bareHost,
  busyboxHost,
  CURL,
  joinShare,
  joinUnavailableReason,
  startShare,
} from "../../scripts/lan/executable_host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { report } from "../report.ts";
import { executableTest } from "./executable_test_case.ts";

const NAME = "sample.bin";
const LENGTH = 24 * 1024 * 1024 + 4321;
const MACHINES = Array.from({ length: 6 }, (_, index) => `m${index}`);

executableTest(
  "six machines with busybox alone join a share with the line that it prints",
  async (executables) => {
    await using lan = await createLan(["source", ...MACHINES]);
    const source = await bareHost(lan.host("source"), {
      executables,
      programs: ["lanswarm"],
    });
    await writeRandomFile(source.path(NAME), LENGTH);
    const sha256 = await sha256Of(source.path(NAME));
    const share = await startShare(source, NAME);
    const { line } = share;
    assertEquals(line, `curl -fsS http://${source.address}:8000/join | sh`);
    const executable = executables.lanswarm;
    // The first one has curl and runs the line as it is printed.
    const [first, ...others] = await Promise.all(
      MACHINES.map((name, index) =>
        busyboxHost(lan.host(name), {
          executable,
          commands: index === 0 ? [CURL] : [],
        })
      ),
    );
    const join = (host: typeof first, dir = "first"): Promise<number> =>
      joinShare(host!, line, { dir, hasCurl: host === first });
    const firstMs = await join(first);
    const times = await Promise.all(others.map((host) => join(host)));
    const cachedMs = await join(first, "second");
    report(
      `from the join line to the first piece: ${firstMs} ms, ${cachedMs} ms with the executable in the cache, at most ${
        Math.max(...times)
      } ms for five machines at once`,
    );
    const sum = await sha256Of(executable);
    for (const host of [first!, ...others]) {
      assertEquals(await sha256Of(host.path("first", NAME)), sha256, host.name);
      const cache = host.path(".cache", "lanswarm");
      const kept = await Array.fromAsync(Deno.readDir(cache));
      assertEquals(kept.map(({ name }) => name), [`lanswarm-${sum}`]);
    }
    assertEquals(await sha256Of(first!.path("second", NAME)), sha256);
    assertEquals((await share.program.stop("SIGTERM")).code, 0);
  },
  { missing: await joinUnavailableReason() },
);
