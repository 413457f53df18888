/**
 * Describes the machine in one line: the processor, the memory and the versions of
 * all programs.
 */
import { VERSION } from "../../mod.ts";
import { webtorrentVersion } from "../clients/webtorrent.ts";
import { runCommand } from "../programs/running_program.ts";

/** Commands that print the versions of other clients. */
const CLIENTS: readonly (readonly [name: string, ...command: string[]])[] = [
  [
    ...["libtorrent", "/usr/bin/python3"] as const,
    ...["-c", "import libtorrent; print(libtorrent.__version__)"],
  ],
  ["aria2", "aria2c", "--version"],
  ["transmission", "transmission-cli", "--version"],
  // It has no such option, but prints the version with every error.
  ["mktorrent", "mktorrent", "-v"],
];

/** "2 cores (AMD EPYC), 24 GiB, Linux 6.1; lanswarm 0.1.0, Deno 2.9.6, aria2 1.36.0". */
export async function describeMachine(): Promise<string> {
  const versions = await Promise.all(
    CLIENTS.map(async ([name, ...command]) =>
      versionOf(name, await askVersion(command))
    ),
  );
  const webtorrent = versionOf("webtorrent", await webtorrentVersion());
  return await describeWith([...versions, webtorrent]);
}

/** "2 cores (AMD EPYC), 24 GiB, Linux 6.1; lanswarm 0.1.0, Deno 2.9.6, wrk 4.1.0". */
export async function describeTrackerMachine(): Promise<string> {
  const format = "--showformat=${Version}";
  // It does not print its own version, Debian knows that of the package.
  const query = ["dpkg-query", "--show", format, "opentracker"];
  return await describeWith([
    versionOf("opentracker", await askVersion(query, /^\S+$/m)),
    versionOf("wrk", await askVersion(["wrk", "-v"])),
  ]);
}

function versionOf(name: string, version?: string): string | undefined {
  return version && `${name} ${version}`;
}

/** The machine and our version, with the versions of other programs. */
async function describeWith(
  versions: readonly (string | undefined)[],
): Promise<string> {
  return [
    [await processor(), await memory(), await kernel()],
    [`lanswarm ${VERSION}`, `Deno ${Deno.version.deno}`, ...versions],
  ].map((parts) => parts.filter((part) => part !== undefined).join(", "))
    .join("; ");
}

async function processor(): Promise<string> {
  const name = await firstMatch("/proc/cpuinfo", /^model name\s*: (.*)$/m);
  const cores = `${navigator.hardwareConcurrency} cores`;
  return name === undefined ? cores : `${cores} (${name})`;
}

async function memory(): Promise<string | undefined> {
  const kibibytes = await firstMatch("/proc/meminfo", /^MemTotal:\s*(\d+)/m);
  return kibibytes && `${Math.round(Number(kibibytes) / 1024 ** 2)} GiB`;
}

async function kernel(): Promise<string> {
  const release = await firstMatch("/proc/sys/kernel/osrelease", /^([\d.]+)/);
  return release === undefined ? Deno.build.os : `Linux ${release}`;
}

async function firstMatch(
  path: string,
  pattern: RegExp,
): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  return pattern.exec((await runCommand("cat", [path])).stdout)?.[1]?.trim();
}

/** The version that a program prints; `undefined` if it is not installed. */
async function askVersion(
  [program, ...args]: readonly string[],
  pattern = /\d+\.\d+(\.\d+)*/,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await runCommand(program!, args);
    return pattern.exec(stdout + stderr)?.[0];
  } catch (error) {
    // Not installed: its row reports that.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
