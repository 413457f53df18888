/**
 * What a program may do no longer. The task gives it what any command line may
 * need; what this one has no use for is given up before a stranger is heard, and
 * cannot be had again.
 *
 * @module
 */

/** Gives up permissions; those that were not given stay so. */
export async function giveUp(
  ...names: readonly Deno.PermissionName[]
): Promise<void> {
  for (const name of names) await Deno.permissions.revoke({ name });
}
