/**
 * Registers tests of the executables in `dist/`, on hosts of a virtual LAN.
 *
 * @module
 */
import {
  type ExecutablePaths,
  ExecutablesUnavailableError,
  findExecutables,
} from "../../scripts/compile/targets.ts";
import { lanTest, type LanTestOptions } from "../lan/lan_test_case.ts";

const found = await find();

/** Registers a test that needs the executables and a network. */
export function executableTest(
  name: string,
  fn: (executables: ExecutablePaths) => Promise<void>,
  options: LanTestOptions = {},
): void {
  if (typeof found === "string") {
    lanTest(name, () => Promise.resolve(), { missing: found });
  } else {
    lanTest(name, () => fn(found), options);
  }
}

/** The executables, or the reason why there are none. */
async function find(): Promise<ExecutablePaths | string> {
  try {
    return await findExecutables();
  } catch (error) {
    if (!(error instanceof ExecutablesUnavailableError)) throw error;
    return error.message;
  }
}
