/**
 * Registers tests of the executables in `dist/`, on hosts of a virtual LAN.
 */
import {
  type ExecutablePaths,
  executablePaths,
  executablesMissing,
} from "../../scripts/compile/targets.ts";
import { lanTest, type LanTestOptions } from "../lan/lan_test_case.ts";

const missing = await executablesMissing();

/** Registers a test that needs the executables and a network. */
export function executableTest(
  name: string,
  fn: (executables: ExecutablePaths) => Promise<void>,
  options: LanTestOptions = {},
): void {
  lanTest(name, () => fn(executablePaths()), {
    missing: missing ?? options.missing,
  });
}
