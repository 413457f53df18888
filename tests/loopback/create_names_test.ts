/**
 * Names that `create` warns of or refuses: names that other systems do not support,
 * and two names of one file.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { create } from "../../cli/create.ts";
import { loadTorrentFile } from "../../mod.ts";
import { runCommand } from "../../scripts/programs/running_program.ts";
import { REPOSITORY, runTask } from "../../scripts/programs/tasks.ts";
import { runJob } from "./run_job.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const URL = "http://127.0.0.1:8000/announce";

Deno.test({
  name:
    "create warns of names that Windows and macOS do not support, and continues",
  // Other systems do not support these names.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await temporaryFolder();
    const shared = join(folder.path, "shared");
    await Deno.mkdir(shared);
    for (const name of ["notes", "Notes", "what?", "aux.txt"]) {
      await Deno.writeTextFile(join(shared, name), name);
    }
    const options = { cwd: folder.path };
    const result = await runTask("create", ["shared", URL], options);
    assertEquals(
      result.stderr,
      'warning: Windows cannot download this torrent: "aux.txt" is a device name on Windows (and 2 more); to share with such machines, choose other names\n' +
        'warning: macOS cannot download this torrent: "shared/notes" is the same as "shared/Notes" on macOS, which ignores case and the way accents are written; to share with such machines, choose other names\n',
    );
    assertEquals(result.code, 0);
    const torrent = await loadTorrentFile(`${shared}.torrent`);
    assertEquals(torrent.files.length, 4);
  },
});

Deno.test({
  name: "create refuses names that are not UTF-8, in a folder and of PATH",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await temporaryFolder();
    // Deno makes no such names.
    const script = `cd "$1" && mkdir -p d "e/$(printf 'f\\351')" l &&
      touch d/a "d/$(printf 'b\\377')" "e/$(printf 'f\\351')/in" "$(printf 'p\\377')" &&
      ln -s "../$(printf 'p\\377')" l/link && touch l/a &&
      "$2" run --no-check -R -W "$3" create "$(printf 'p\\377')" "$4"`;
    const program = `${REPOSITORY}cli/main/peer.ts`;
    const made = await runCommand("sh", [
      ...["-c", script, "sh", folder.path, Deno.execPath(), program, URL],
    ]);
    const isOld = Deno.version.deno.startsWith("2.4.");
    assertStringIncludes(made.stderr, isOld ? "invalid UTF-8" : "not UTF-8");
    assertEquals(made.code, 1);
    const cases: [path: string, message: string][] = [
      ["d", "d/b\ufffd: its name is not UTF-8; rename it"],
      ["e", "e/f\ufffd: its name is not UTF-8; rename it"],
      ["l", "l/link: it leads to a name that is not UTF-8; rename that"],
    ];
    for (const [path, message] of cases) {
      const place = join(folder.path, path);
      const output = join(folder.path, `${path}.torrent`);
      const result = await runJob(create, [place, URL, output]);
      if (isOld && path !== "l") continue;
      assertStringIncludes(result.stderr, message);
      assertEquals(result.code, 1);
    }
  },
});

Deno.test({
  name: "create refuses an output that is the shared file by another path",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "real", "a");
    await Deno.mkdir(join(folder.path, "real"));
    await Deno.writeTextFile(path, "precious");
    await Deno.symlink("real", join(folder.path, "link"));
    const args = ["real/a", URL, "link/a", "--force"];
    const result = await runTask("create", args, { cwd: folder.path });
    assertStringIncludes(result.stderr, "OUTPUT is the file to share");
    assertEquals(result.code, 2);
    assertEquals(await Deno.readTextFile(path), "precious");
  },
});
