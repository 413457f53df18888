/**
 * Registers tests of the executables on hosts, which are built first, where that
 * can be done.
 *
 * @module
 */
import {
  buildExecutables,
  type ExecutablePaths,
  ExecutablesUnavailableError,
} from "../../scripts/compile/executables.ts";
import { lanUnavailableReason } from "../../scripts/lan/lan_unavailable.ts";
import { lanTest, type LanTestOptions } from "../lan/lan_test_case.ts";

const built = await build();

/** Registers a test that needs the executables and a network. */
export function executableTest(
  name: string,
  fn: (executables: ExecutablePaths) => Promise<void>,
  options: LanTestOptions = {},
): void {
  if (typeof built === "string") {
    lanTest(name, () => Promise.resolve(), { missing: built });
  } else {
    lanTest(name, () => fn(built), options);
  }
}

/** The executables, or why there are none. */
async function build(): Promise<ExecutablePaths | string> {
  // Not worth the time where no test could run them.
  const reason = await lanUnavailableReason();
  if (reason !== undefined) return reason;
  try {
    return await buildExecutables();
  } catch (error) {
    if (!(error instanceof ExecutablesUnavailableError)) throw error;
    return error.message;
  }
}
