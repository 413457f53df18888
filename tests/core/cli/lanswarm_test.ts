import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { InformationRequest } from "../../../cli/flags.ts";
import { lanswarm } from "../../../cli/lanswarm.ts";
import { UsageError } from "../../../cli/program_error.ts";

async function thrownBy(...args: string[]): Promise<unknown> {
  try {
    await lanswarm(args);
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

Deno.test("lanswarm without arguments shows every command on less than a screen", async () => {
  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    const request = await thrownBy(...args);
    assertInstanceOf(request, InformationRequest);
    const lines = request.text.split("\n");
    assertEquals(
      lines.length < 24 && lines.every((line) => line.length <= 80),
      true,
    );
    for (
      const command of [
        "share",
        "get",
        "wait",
        "pause",
        "tracker",
        "create",
        "peer",
        "show",
        "verify",
      ]
    ) {
      assertMatch(request.text, new RegExp(`^  lanswarm ${command}`, "m"));
    }
  }
});

Deno.test("lanswarm help explains the command that it is given", async () => {
  const request = await thrownBy("help", "wait");
  assertInstanceOf(request, InformationRequest);
  assertMatch(request.text, /^Usage: .*wait URL$/m);
});

Deno.test("lanswarm hands the other arguments to its command", async () => {
  const error = await thrownBy("create", "--never");
  assertInstanceOf(error, UsageError);
  assertMatch(error.message, /unknown flag --never/);
});

Deno.test("lanswarm names its commands where there is none of that name", async () => {
  for (const name of ["fetch", "constructor", "-x"]) {
    const error = await thrownBy(name);
    assertInstanceOf(error, UsageError);
    assertMatch(error.message, /not a command; the commands are share, get, /);
  }
});
