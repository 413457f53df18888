/**
 * Names that `create` warns of or refuses: names that other systems do not support,
 * and two names of one file.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadTorrentFile } from "../../mod.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
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
