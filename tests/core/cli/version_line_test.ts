import { assertMatch } from "@std/assert";
import { versionLine } from "../../../cli/version_line.ts";

Deno.test("versionLine() tells the version, the system and the runtime", () => {
  assertMatch(
    versionLine(),
    /^lanswarm \d+\.\d+\.\d+ \([a-z0-9_]+(-[a-z0-9]+){2,3}, deno \d+\.\d+\.\d+\)$/,
  );
});
