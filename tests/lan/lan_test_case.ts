/**
 * Registers tests that need hosts. Where the machine cannot make any, or lacks
 * a program, they are ignored and the reason stands in their name; in CI, where
 * nothing may be missing, they fail with that reason.
 *
 * @module
 */
import { lanUnavailableReason } from "../../scripts/lan/lan_unavailable.ts";

const unavailableReason = await lanUnavailableReason();
const isContinuousIntegration = Deno.env.get("CI") === "true";

/** What a test needs beside hosts. */
export interface LanTestOptions {
  /** Why the test cannot run here, or undefined if it can. */
  readonly missing?: string | undefined;
}

/** Registers a test that makes a network. */
export function lanTest(
  name: string,
  fn: () => Promise<void>,
  options: LanTestOptions = {},
): void {
  const reason = unavailableReason ?? options.missing;
  if (reason === undefined) {
    Deno.test(name, fn);
  } else if (isContinuousIntegration) {
    Deno.test(name, () => {
      throw new Error(`Cannot run this test, and CI may skip none: ${reason}`);
    });
  } else {
    Deno.test({ name: `${name} (ignored: ${reason})`, ignore: true, fn });
  }
}
