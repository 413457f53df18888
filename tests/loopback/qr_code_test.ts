/**
 * The QR code of a share, decoded by ZBar.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { renderQrCode } from "../../cli/share_output.ts";
import { runCommand } from "../../scripts/programs/running_program.ts";
import { testUnless } from "../test_unless.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Pixels of a module: ZBar needs a few. */
const SCALE = 4;
/** Black on white, whatever the theme of the terminal. */
const [BEFORE, AFTER] = ["\x1b[38;5;16;48;5;231m", "\x1b[0m"];

/** The picture that a terminal shows, as a portable bitmap. */
function toBitmap(lines: readonly string[]): Uint8Array {
  const rows = lines.flatMap((line) => {
    assert(line.startsWith(BEFORE) && line.endsWith(AFTER));
    const cells = [...line.slice(BEFORE.length, -AFTER.length)];
    return [/[▀█]/, /[▄█]/].map((dark) => cells.map((cell) => dark.test(cell)));
  });
  const width = rows[0]!.length * SCALE;
  const pixels = rows.flatMap((row) => {
    const line = row.map((isDark) => (isDark ? "1" : "0").repeat(SCALE));
    return Array<string>(SCALE).fill(line.join(""));
  });
  const text = `P1\n${width} ${pixels.length}\n${pixels.join("\n")}\n`;
  return new TextEncoder().encode(text);
}

const missing = await runCommand("zbarimg", ["--version"]).then(
  () => undefined,
  () => "zbarimg is not installed (Debian: zbar-tools)",
);

testUnless(
  missing,
  "a QR code on a terminal is read as the URL of the page",
  async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "code.pbm");
    for (
      const url of [
        "http://192.168.1.10:8000/",
        "http://[fd00:1234:5678:9abc:def0:1234:5678:9abc]:65535/",
      ]
    ) {
      const lines = renderQrCode(url);
      assert(lines.length < 22, "there is room on a terminal of 24 rows");
      await Deno.writeFile(path, toBitmap(lines));
      const { stdout } = await runCommand("zbarimg", ["-q", "--raw", path]);
      assertEquals(stdout, `${url}\n`);
    }
  },
);
