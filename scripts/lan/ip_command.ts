/**
 * Runs `ip`, the program that makes networks and puts processes on them.
 *
 * @module
 */

/** What a command wrote, and how it ended. */
export interface IpResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ip` with `args`. @throws {Error} If it fails, with what it said. */
export async function ip(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryIp(args);
  if (code !== 0) {
    throw new Error(
      `Cannot run ip ${args.join(" ")}: exit code ${code}: ${stderr.trim()}`,
    );
  }
  return stdout;
}

/** Runs `ip` with `args`, whatever the outcome. */
export async function tryIp(args: readonly string[]): Promise<IpResult> {
  const { code, stdout, stderr } = await new Deno.Command("ip", {
    args: [...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
