/**
 * Names that were chosen to do harm, on their way to the command of
 * `--on-complete`.
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { LocalSwarm, type PublishedTorrent, runPeer } from "./local_swarm.ts";

/** Each does something if it is pasted into a command line or evaluated. */
const NAMES = [
  "-rf *",
  "--help",
  "$(touch pwned)",
  "`touch pwned`",
  "a; touch pwned",
  "a && touch pwned #",
  "a\ntouch pwned\n",
  "' touch pwned '",
  '" touch pwned "',
  "${IFS}pwned",
  "%PATH% & touch pwned",
  "a\\",
  "a=b",
  "~",
  "\x1b]0;pwned\x07",
];

Deno.test({
  name: "--on-complete passes a hostile name on as one value, unchanged",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const dir = join(swarm.folder, "here");
    const notes = join(swarm.folder, "notes");
    await Deno.mkdir(notes);
    const torrents: PublishedTorrent[] = [];
    for (const name of NAMES) {
      torrents.push(await swarm.seed(name, { files: { "": 10 } }));
    }
    // A shell, which only the user can ask for, with the variables quoted.
    const script = 'test $# = 0; printf "%s/%s" "$LANSWARM_NAME" ' +
      `"$LANSWARM_PATH" > "${notes}/$LANSWARM_INFO_HASH"`;
    const { code, stderr } = await runPeer(
      ...torrents.map(({ path }) => path),
      ...["--dir", dir, "--exit-when-complete"],
      ...["--on-complete", `sh -c '${script}'`],
    );
    assertEquals([code, stderr], [0, ""]);
    for (const [index, { torrent }] of torrents.entries()) {
      const name = NAMES[index]!;
      const note = await Deno.readTextFile(join(notes, torrent.infoHash));
      assertEquals(note, `${name}/${join(dir, name)}`);
    }
    const made = [];
    for await (const entry of Deno.readDir(swarm.folder)) made.push(entry.name);
    assertEquals(made.filter((name) => name === "pwned"), []);
  },
});
