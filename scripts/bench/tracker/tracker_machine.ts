/**
 * What trackers were measured on, in one line.
 *
 * @module
 */
import { runCommand } from "../../programs/running_program.ts";
import { askVersion, describeVersion, describeWith } from "../machine.ts";

/** "2 cores (AMD EPYC), 24 GiB, Linux 6.1; lanswarm 0.1.0, Deno 2.9.6, wrk 4.1.0". */
export async function describeTrackerMachine(): Promise<string> {
  return await describeWith([
    describeVersion("opentracker", await packageVersion("opentracker")),
    describeVersion("wrk", await askVersion(["wrk", "-v"])),
  ]);
}

/** Of one of Debian's packages, for a program that does not tell its own. */
async function packageVersion(name: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await runCommand("dpkg-query", [
      ...["--show", "--showformat=${Version}", name],
    ]);
    return code === 0 ? stdout : undefined;
  } catch (error) {
    // Not Debian.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
