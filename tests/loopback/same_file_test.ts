import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { isSameFile } from "../../cli/create.ts";
import type { Platform } from "../../mod.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test({
  name: "isSameFile() follows links on every platform",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    await Deno.mkdir(at("real"));
    await Deno.symlink("real", at("link"));
    await Deno.writeTextFile(at("real/a"), "");
    await Deno.writeTextFile(at("real/b"), "");
    const cases: [a: string, b: string, isSame: boolean][] = [
      ["real/a", "real/a", true],
      ["real/a", "real/../real/a", true],
      ["real/a", "link/a", true],
      ["real/a", "real/b", false],
      ["real/a", "real/absent", false],
      ["absent", "absent", true],
    ];
    for (const platform of ["linux", "windows"] satisfies Platform[]) {
      for (const [a, b, isSame] of cases) {
        assertEquals(await isSameFile(at(a), at(b), platform), isSame);
      }
    }
  },
});
