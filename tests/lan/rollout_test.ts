/**
 * A rollout on machines of one network: the verdict by address, and a machine that
 * is killed and comes back.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import { writeRandomFile } from "../../scripts/programs/sample_file.ts";
import { lanTest } from "./lan_test_case.ts";

const NAME = "images.iso";
const LENGTH = 8 * 2 ** 20;

lanTest(
  "a killed machine has left, comes back in its row, and one that never starts is named",
  async () => {
    await using lan = await createLan(["source", "second", "third", "never"]);
    const [source, second, third, never] = [
      ...["source", "second", "third", "never"],
    ].map((name) => lan.host(name as "source"));
    await writeRandomFile(source!.path(NAME), LENGTH);
    const addresses = [second!, third!, never!].map(({ address }) => address);
    const expect = ["--expect", addresses.join()];
    const share = source!.spawnTask("share", [NAME, "--json", ...expect]);
    await share.stdout.waitFor(/"ready"/);
    const slow = second!.spawnTask("get", ["--max-download", "256KiB"]);
    await share.stdout.waitFor(/"fetching":1,"verified":0/);
    const killedMs = performance.now();
    slow.signal("SIGKILL");
    await share.stdout.waitFor(/"left":1/);
    const line = `a killed machine has left after ${
      Math.round((performance.now() - killedMs) / 1000)
    } s\n`;
    await Deno.stdout.write(new TextEncoder().encode(line));
    const again = second!.spawnTask("get", []);
    const other = third!.spawnTask("get", []);
    await share.stdout.waitFor(
      /"missing":1,"failed":0,"stuck":0,"left":0,"waiting":0,"verifying":0,"fetching":0,"verified":2/,
    );
    const waiting = await third!.runTask("wait", [
      ...["http://lanswarm.local:8000/", "--timeout", "5s"],
    ]);
    assertEquals([waiting.code, waiting.stdout], [4, `${never!.address}\n`]);
    const { code, stdout, stderr } = await share.stop("SIGTERM");
    assertEquals(code, 4);
    const last = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    assertEquals(last, { type: "undone", missing: [never!.address] });
    assertMatch(stderr, /^error: cannot finish: 2 of the 3 machines/m);
    assertEquals((await again.stop("SIGTERM")).code, 0);
    assertEquals((await other.stop("SIGTERM")).code, 0);
  },
);
