/**
 * Runs every fuzz test of the other suites with a random seed, each for a fixed
 * time, in one `deno test` of its own.
 */
import { assert } from "@std/assert";
import { report } from "../report.ts";
import { SEED } from "./seed.ts";

/** Duration of each fuzz test, in milliseconds. */
const FUZZ_MS = 1_000;
/** Time limit of all of them, in milliseconds. */
const TIMEOUT_MS = 900_000;

const SUITES = ["tests/core", "tests/loopback"];
/** Permissions of the tests that fuzz: those of core need none, those of loopback a socket. */
const PERMISSIONS = ["-R", "-N", "--allow-env=FUZZ_SEED,FUZZ_MS"];

/** The test files of a folder that fuzz. */
async function* fuzzTestsIn(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* fuzzTestsIn(path);
    if (!entry.name.endsWith("_test.ts")) continue;
    if ((await Deno.readTextFile(path)).includes("FUZZ_SEED")) yield path;
  }
}

Deno.test(`every fuzz test passes with a random seed (seed ${SEED})`, async () => {
  const paths: string[] = [];
  for (const suite of SUITES) {
    for await (const path of fuzzTestsIn(suite)) paths.push(path);
  }
  const command = `FUZZ_SEED=${SEED} FUZZ_MS=${FUZZ_MS} deno test --no-check ` +
    `${PERMISSIONS.join(" ")} --filter '(seed ' ${paths.sort().join(" ")}`;
  report(`replay: ${command}`);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-check",
      ...PERMISSIONS,
      "--filter",
      "(seed ",
      ...paths,
    ],
    env: { FUZZ_SEED: `${SEED}`, FUZZ_MS: `${FUZZ_MS}` },
    stdin: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { success, stdout } = await child.output();
  const text = new TextDecoder().decode(stdout);
  if (!success) report(text);
  assert(success, `a fuzz test failed, replay: ${command}`);
});
