/**
 * Registers tests that need a program or a right that a machine may lack. If it is
 * missing they are ignored and the reason stands in their name; in CI, where nothing
 * may be missing, they fail with that reason.
 */

const isContinuousIntegration = Deno.env.get("CI") === "true";

/** Registers a test; `missing` is why it cannot run here, or undefined if it can. */
export function testUnless(
  missing: string | undefined,
  name: string,
  fn: () => void | Promise<void>,
  { outlives = false }: {
    /** True if the test opens what later tests use: a browser. @default {false} */
    readonly outlives?: boolean;
  } = {},
): void {
  if (missing === undefined) {
    const sanitize = !outlives;
    Deno.test(
      { name, fn, sanitizeOps: sanitize, sanitizeResources: sanitize },
    );
  } else if (isContinuousIntegration) {
    Deno.test(name, () => {
      throw new Error(`Cannot run this test, and CI may skip none: ${missing}`);
    });
  } else {
    Deno.test.ignore(`${name} (ignored: ${missing})`, fn);
  }
}
