/**
 * The program `lanswarm`: every program of the project as a command. Only the
 * modules of the command that runs are loaded.
 *
 * @module
 */
import { InformationRequest, versionLine } from "./flags.ts";
import { bindJob, type BoundJob, type Program } from "./program.ts";
import { EXIT_CODES_HELP, UsageError } from "./program_error.ts";

const HELP = `
Copies files and folders to every machine of a local network.

  lanswarm share images             share a file or a folder
  lanswarm get                      fetch what another machine shares
  lanswarm peer document.torrent    download and share a torrent's content
  lanswarm tracker 8000             tell the peers of torrents about each other
  lanswarm create document.pdf http://192.168.1.100:8000/announce
                                    make a torrent file
  lanswarm show document.torrent    print what a torrent file contains

Each command explains itself: lanswarm COMMAND --help
`;

/** Reads the command line of a command. */
type ParseCommand = (args: readonly string[]) => BoundJob;

/** Loads the programs, by the name of their command. */
const COMMANDS: Readonly<Record<string, () => Promise<ParseCommand>>> = {
  share: async () => parserOf((await import("./share.ts")).share),
  get: async () => parserOf((await import("./get.ts")).get),
  tracker: async () => parserOf((await import("./tracker.ts")).tracker),
  create: async () => parserOf((await import("./create.ts")).create),
  peer: async () => parserOf((await import("./peer.ts")).peer),
  show: async () => parserOf((await import("./show.ts")).show),
};

function parserOf<Job>(program: Program<Job>): ParseCommand {
  return (args) => bindJob(program, args);
}

/**
 * Loads the program that the first argument names. Without one, the program explains
 * the commands.
 */
export async function loadCommand(
  name: string | undefined,
): Promise<Program<BoundJob>> {
  // Not a name that every object has, as `constructor`.
  const isNamed = name !== undefined && Object.hasOwn(COMMANDS, name);
  const parse = isNamed ? await COMMANDS[name]!() : explain;
  return {
    parse: (args) => parse(isNamed ? args.slice(1) : args),
    run: (job, context) => job(context),
  };
}

/** @throws {InformationRequest | UsageError} Always. */
function explain([argument]: readonly string[]): never {
  if (argument === "--version") throw new InformationRequest(versionLine());
  if (argument === undefined || argument === "--help" || argument === "-h") {
    throw new InformationRequest(`${HELP.trim()}\n\n${EXIT_CODES_HELP}`);
  }
  throw new UsageError(
    `${JSON.stringify(argument)} is not a command; the commands are ${
      Object.keys(COMMANDS).join(", ")
    }`,
  );
}
