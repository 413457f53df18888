/**
 * What trackers were measured on, in one line.
 *
 * @module
 */
import { askVersion, describeVersion, describeWith } from "../machine.ts";

/** How a program tells its version; opentracker only tells the system's packages. */
const VERSION_COMMANDS = {
  opentracker: [
    "dpkg-query",
    ...["--show", "--showformat=${Version}", "opentracker"],
  ],
  wrk: ["wrk", "-v"],
} as const;

/** "2 cores (AMD EPYC), 24 GiB, Linux 6.1; lanswarm 0.1.0, Deno 2.9.6, wrk 4.1.0". */
export async function describeTrackerMachine(): Promise<string> {
  const versions = await Promise.all(
    Object.entries(VERSION_COMMANDS).map(async ([name, command]) =>
      describeVersion(name, await askVersion(command))
    ),
  );
  return await describeWith(versions);
}
