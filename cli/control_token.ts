/**
 * The token of a share as a command line or the environment names it, and the one that
 * is saved in the folder that is shared from.
 *
 * @module
 */
import { readFolderToken, readToken, withoutBrackets } from "../mod.ts";
import { readArgument, readFileArgument } from "./flags.ts";
import { ownNames } from "./lan_addresses.ts";

const VARIABLE = "LANSWARM_TOKEN";

/** The flag of all programs that know a token. */
export const TOKEN_FLAG = {
  usage: "--token-file FILE",
  help:
    "file with the token that pause, resume and limit need (default: the environment variable LANSWARM_TOKEN, then .lanswarm/token)",
} as const;

/**
 * The token that a file or the environment names; `undefined` if neither does.
 * @throws {UsageError} If there is no valid token in it.
 */
export async function namedToken(
  file: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined) {
    return await readFileArgument("--token-file", file, readToken);
  }
  const permission = { name: "env", variable: VARIABLE } as const;
  // A task without the permission has none to give.
  const isGranted = Deno.permissions.querySync(permission).state === "granted";
  const text = isGranted ? Deno.env.get(VARIABLE) : undefined;
  return text === undefined
    ? undefined
    : readArgument(VARIABLE, text, readToken);
}

/**
 * Finds the tokens of a command, before permissions are given up. The one of the
 * current folder is for shares of this machine alone: another must not get it.
 * @returns The token for an origin.
 */
export async function findToken(
  file: string | undefined,
): Promise<(origin: string) => string | undefined> {
  const named = await namedToken(file);
  if (named !== undefined) return () => named;
  const saved = await readFolderToken(".");
  return (origin) => isHere(new URL(origin).hostname) ? saved : undefined;
}

/** True for an address or a name of this machine. */
function isHere(hostname: string): boolean {
  const host = withoutBrackets(hostname).toLowerCase();
  return host === "localhost" || host.startsWith("127.") || host === "::1" ||
    ownNames().some((name) => name.toLowerCase() === host) ||
    Deno.networkInterfaces().some(({ address }) => address === host);
}
