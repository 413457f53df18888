/**
 * The program `share` with a torrent file that exists already.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("share --verify hashes the content of a torrent file again", async () => {
  await using folder = await temporaryFolder();
  const [file, torrent] = ["a.bin", "a.torrent"].map((name) =>
    join(folder.path, name)
  ) as [string, string];
  await Deno.writeFile(file, makeContent("a", 300_000));
  const time = new Date(1_700_000_000_000);
  await Deno.utime(file, time, time);
  const announce = "http://127.0.0.1:9/announce";
  await runTask("create", [file, announce, torrent]);
  const args = [
    ...[torrent, "--dir", folder.path, "--port", `${freePort()}`],
    ...["--peer-port", "0", "--host", "127.0.0.1", "--no-discovery"],
  ];
  const shareOnce = async (...flags: string[]): Promise<void> => {
    await using share = spawnTask("share", [...args, ...flags]);
    await share.stdout.waitFor(/is ready/);
    await share.stop("SIGTERM");
  };
  await shareOnce();
  await shareOnce("--verify");
  // With the size and the time of before, only its bytes tell.
  await Deno.writeFile(file, makeContent("b", 300_000));
  await Deno.utime(file, time, time);
  await shareOnce();
  const { code, stderr } = await runTask("share", [...args, "--verify"]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^error: cannot seed a\.bin: \d+ of its \d+ pieces are missing or wrong; name the folder of its content with --dir/m,
  );
});
