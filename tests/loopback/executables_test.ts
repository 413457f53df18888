/**
 * The executables that a share finds beside its own.
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ExecutableFolder } from "../../lib/mod.ts";
import { executableFileName, TARGETS } from "../../scripts/compile/targets.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("ExecutableFolder finds what deno task compile names for each target", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const executables = new ExecutableFolder(
    join(path, "lanswarm"),
    "x86_64-unknown-linux-gnu",
  );
  assertEquals(executables.targets(), []);
  for (const target of TARGETS) {
    const names = { target, showsTarget: true };
    for (const name of ["lanswarm", "peer"] as const) {
      await Deno.writeTextFile(
        join(path, executableFileName(name, names)),
        name,
      );
    }
  }
  assertEquals(executables.targets().sort(), [...TARGETS].sort());
  for (const target of TARGETS) {
    const found = await executables.find(target);
    assertEquals(
      found?.path,
      join(path, executableFileName("lanswarm", { target, showsTarget: true })),
    );
  }
});

Deno.test("ExecutableFolder prefers the executable that runs to one of its target, and reads no other thing", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  const target = "x86_64-unknown-linux-gnu";
  const hostPath = join(path, "renamed");
  const executables = new ExecutableFolder(hostPath, target);
  await Deno.writeTextFile(hostPath, "a");
  await Deno.writeTextFile(join(path, `lanswarm-${target}`), "b");
  await Deno.mkdir(join(path, "lanswarm-aarch64-apple-darwin"));
  assertEquals(executables.targets(), [target]);
  const { path: found, length, sha256 } = (await executables.find(target))!;
  assertEquals([found, length], [hostPath, 1]);
  // Of one byte, "a".
  assertEquals(sha256.slice(0, 16), "ca978112ca1bbdca");
  assertEquals(await executables.find("../renamed"), undefined);
});
