/**
 * The program `lanswarm`: every program of the project as a command. Only the
 * modules of the command that runs are loaded.
 */
import { InformationRequest, versionLine } from "./flags.ts";
import type { Program } from "./program.ts";
import { EXIT_CODES_HELP, UsageError } from "./program_error.ts";

const HELP = `
Copies files and folders to every machine of a local network.

  lanswarm share images             share a file or a folder
  lanswarm get                      fetch what another machine shares
  lanswarm wait 192.168.1.10        wait until every expected machine has it
  lanswarm pause 192.168.1.10       hold the transfers on every machine
  lanswarm resume 192.168.1.10      let them go on
  lanswarm limit 10MB/s 192.168.1.10
                                    limit all of them together
  lanswarm peer document.torrent    download and share a torrent's content
  lanswarm tracker 8000             tell the peers of torrents about each other
  lanswarm create document.pdf http://192.168.1.100:8000/announce
                                    make a torrent file
  lanswarm show document.torrent    print what a torrent file contains
  lanswarm verify document.torrent .
                                    check a copy: right, wrong, missing, extra

Each command explains itself: lanswarm COMMAND --help
`;

const COMMANDS: ReadonlyMap<string, () => Promise<Program>> = new Map([
  ["share", async () => (await import("./share.ts")).share],
  ["get", async () => (await import("./get.ts")).get],
  ["wait", async () => (await import("./wait.ts")).wait],
  ...(["pause", "resume", "limit"] as const).map((name) =>
    [name, async () => {
      const { controlProgram } = await import("./control.ts");
      return controlProgram(name);
    }] as const
  ),
  ["tracker", async () => (await import("./tracker.ts")).tracker],
  ["create", async () => (await import("./create.ts")).create],
  ["peer", async () => (await import("./peer.ts")).peer],
  ["show", async () => (await import("./show.ts")).show],
  ["verify", async () => (await import("./verify.ts")).verify],
]);

/** Loads the program that the first argument names, or explains the commands. */
export const lanswarm: Program = async ([name, ...rest]) => {
  if (name === "help") return lanswarm([...rest, "--help"]);
  const program = await COMMANDS.get(name ?? "")?.();
  return program?.(rest) ?? explain(name);
};

/** @throws {InformationRequest | UsageError} Always. */
function explain(argument: string | undefined): never {
  if (argument === "--version") throw new InformationRequest(versionLine());
  if (argument === undefined || argument === "--help" || argument === "-h") {
    throw new InformationRequest(`${HELP.trim()}\n\n${EXIT_CODES_HELP}`);
  }
  const names = [...COMMANDS.keys()];
  throw new UsageError(`${JSON.stringify(argument)} is not a command`, {
    remedy: `the commands are ${names.join(", ")}`,
    unknown: { word: argument, choices: [...names, "--help", "--version"] },
  });
}
