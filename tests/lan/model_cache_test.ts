/**
 * A model cache that a second machine fetches while a program there waits for it.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { scriptArguments } from "../../scripts/programs/tasks.ts";
import { makeModelCache } from "../loopback/tree_copy.ts";
import { lanTest } from "./lan_test_case.ts";

const MODEL = "models--x--y";
const UNIT = 7_000_000;

/** Starts the loader, which ends once it has read the model. */
function startLoader(host: Host, model: string): RunningProgram {
  return host.spawn(Deno.execPath(), [
    ...scriptArguments("tests/lan/model_loader.ts", [
      ...["--no-check", "--allow-read"],
    ]),
    model,
  ]);
}

/** Ways in which `refs/main` comes last: flags of one fetch after another. */
const WAYS = [["--first blobs"], ["--not refs", ""], ["--atomic"]];

for (const way of WAYS) {
  lanTest(
    `a loader that waits for refs/main of a model cache finds every file of it, with ${
      way[0]
    }`,
    async () => {
      await using lan = await createLan(["source", "other"]);
      const [source, other] = [lan.host("source"), lan.host("other")];
      await makeModelCache(source.path(MODEL), UNIT);
      await using share = source.spawnTask("share", [MODEL]);
      await share.stdout.waitFor(/is ready/);

      const model = other.path(join("hub", MODEL));
      const main = join(model, "refs", "main");
      await using loader = startLoader(other, model);
      for (const flags of way) {
        await assertRejects(() => Deno.lstat(main), Deno.errors.NotFound);
        const { code, stderr } = await other.runTask("get", [
          ...[MODEL, "--dir", "hub", "--exit-when-complete"],
          ...flags.split(" ").filter((word) => word !== ""),
        ]);
        assertEquals([code, stderr], [0, ""]);
      }

      const loaded = await loader.result;
      assertEquals([loaded.code, loaded.stderr], [0, ""]);
      await using reader = startLoader(source, source.path(MODEL));
      const whole = await reader.result;
      assertEquals(JSON.parse(loaded.stdout), JSON.parse(whole.stdout));
      assertEquals(Object.keys(JSON.parse(whole.stdout)).length, 4);
      const link = join(model, "snapshots/5a1c/onnx/model.onnx");
      assertEquals(dirname(await Deno.readLink(link)), "../../../blobs");
    },
  );
}
