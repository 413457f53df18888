/**
 * Registers tests that need hosts. Where the machine cannot make any, or lacks
 * a program, they are ignored and the reason stands in their name; in CI, where
 * nothing may be missing, they fail with that reason.
 *
 * @module
 */
import { tryIp } from "./ip_command.ts";

/** Why no network can be made here, or undefined if one can. */
async function lanUnavailableReason(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces need Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  const namespace = `lanswarm-probe-${Deno.pid}`;
  try {
    const added = await tryIp(["netns", "add", namespace]);
    if (added.code !== 0) {
      return `network namespaces are refused: ${added.stderr.trim()}`;
    }
    await tryIp(["netns", "delete", namespace]);
    return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "the program ip is not installed";
  }
}

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
