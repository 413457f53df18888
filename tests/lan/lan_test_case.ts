/**
 * Registers tests that need hosts, where the machine can make them.
 */
import { lanUnavailableReason } from "../../scripts/lan/lan.ts";
import { testUnless } from "../test_unless.ts";

const unavailableReason = await lanUnavailableReason();

export interface LanTestOptions {
  /** The reason for which the test cannot run here, or undefined if it can. */
  readonly missing?: string | undefined;
}

export function lanTest(
  name: string,
  fn: () => Promise<void>,
  options: LanTestOptions = {},
): void {
  testUnless(unavailableReason ?? options.missing, name, fn);
}
