/**
 * The unplug light on machines of one network: the machine that shares is killed as
 * soon as its light is green, while others still fetch.
 */
import { assertEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import { writeRandomFile } from "../../scripts/programs/sample_file.ts";
import { lanTest } from "./lan_test_case.ts";
import { assertCopied } from "../sharing_steps.ts";

const NAME = "images.iso";
const LENGTH = 16 * 2 ** 20;
const MEGABITS_PER_SECOND = 50;
/** Of the slow machines: they lack much when the others are complete. */
const SLOW = ["--max-download", "2MiB"];

/** Flags of each machine; one leaves when it is complete. */
const FLAGS = [["--exit-when-complete"], [], [], SLOW];

lanTest(
  "machines complete when the source is killed at its green light",
  async () => {
    const names = ["source", ...FLAGS.map((_, host) => `host${host}`)];
    await using lan = await createLan(names, {
      megabitsPerSecond: MEGABITS_PER_SECOND,
    });
    const source = lan.host("source");
    const hosts = names.slice(1).map((name) => lan.host(name));
    await writeRandomFile(source.path(NAME), LENGTH);
    const share = source.spawnTask("share", [NAME, "--json"]);
    await share.stdout.waitFor(/"ready"/);
    const gets = hosts.map((host, index) =>
      host.spawnTask("get", ["--json", ...FLAGS[index]!])
    );
    const green = await share.stdout.waitFor(/"light":"green"/);
    await share.stop("SIGKILL");
    const { complete, fetching } = JSON.parse(green.input!);
    const line = `killed with ${complete} complete and ${fetching} fetching\n`;
    await Deno.stdout.write(new TextEncoder().encode(line));
    await Promise.all(gets.map((get) => get.stdout.waitFor(/"completed"/)));
    for (const host of hosts) await assertCopied(source, host, NAME);
    for (const get of gets) assertEquals((await get.stop()).code, 0);
  },
);

lanTest(
  "the light stays red while the only copies are at machines that leave, and wait says so",
  async () => {
    await using lan = await createLan(["source", "leaving", "staying"]);
    const [source, leaving, staying] = [
      ...["source", "leaving", "staying"],
    ].map((name) => lan.host(name as "source"));
    await writeRandomFile(source!.path(NAME), LENGTH);
    const expect = [...[leaving, staying].map((host) => host!.address), "x"];
    const share = source!.spawnTask("share", [
      ...[NAME, "--json", "--expect", expect.join()],
    ]);
    await share.stdout.waitFor(/"ready"/);
    const { code } = await leaving!.runTask("get", ["--exit-when-complete"]);
    assertEquals(code, 0);
    await share.stdout.waitFor(/"verified":1.*"light":"red","onlyHere":1,/);
    const get = staying!.spawnTask("get", []);
    await share.stdout.waitFor(/"verified":2.*"light":"amber","onlyHere":0,/);
    const waiting = await staying!.runTask("wait", [
      ...[source!.address, "--timeout", "2s"],
    ]);
    assertEquals([waiting.code, waiting.stdout], [4, "x\n"]);
    const last = "2 of 3 verified, 1 not; source still needed";
    assertEquals(waiting.stderr.trimEnd().endsWith(last), true);
    assertEquals((await get.stop()).code, 0);
    // The last one that stays has left.
    await share.stdout.waitFor(/"verified":2.*"light":"red"/);
    assertEquals((await share.stop("SIGTERM")).code, 4);
  },
);
