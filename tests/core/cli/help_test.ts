import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  FLAGS as CONTROL_FLAGS,
  parseControlJob,
} from "../../../cli/control.ts";
import {
  FLAGS as CREATE_FLAGS,
  parseCreateJob,
} from "../../../cli/create_job.ts";
import {
  flagName,
  type Flags,
  InformationRequest,
} from "../../../cli/flags.ts";
import { FLAGS as GET_FLAGS, parseGetJob } from "../../../cli/get.ts";
import { FLAGS as PEER_FLAGS, parsePeerJob } from "../../../cli/peer_job.ts";
import { FLAGS as SHARE_FLAGS, parseShareJob } from "../../../cli/share_job.ts";
import {
  FLAGS as TRACKER_FLAGS,
  parseTrackerJob,
} from "../../../cli/tracker.ts";
import { FLAGS as WAIT_FLAGS, parseWaitJob } from "../../../cli/wait.ts";

const PROGRAMS: readonly [
  name: string,
  flags: Flags,
  parse: (args: readonly string[]) => unknown,
][] = [
  ["create", CREATE_FLAGS, parseCreateJob],
  ["get", GET_FLAGS, parseGetJob],
  ["peer", PEER_FLAGS, parsePeerJob],
  ["share", SHARE_FLAGS, parseShareJob],
  ["tracker", TRACKER_FLAGS, parseTrackerJob],
  ["wait", WAIT_FLAGS, parseWaitJob],
  ["pause", CONTROL_FLAGS, (args) => parseControlJob("pause", args)],
  ["resume", CONTROL_FLAGS, (args) => parseControlJob("resume", args)],
  ["limit", CONTROL_FLAGS, (args) => parseControlJob("limit", args)],
];

for (const [name, flags, parse] of PROGRAMS) {
  Deno.test(`${name} --help names every flag`, () => {
    const request = thrownBy(() => parse(["--help"]));
    assertInstanceOf(request, InformationRequest);
    const names = Object.values(flags).map(flagName);
    for (const flag of [...names, "debug", "version", "help"]) {
      assertMatch(request.text, new RegExp(`^ +--${flag}( |$)`, "m"), flag);
    }
    const wide = request.text.split("\n").filter(({ length }) => length > 80);
    assertEquals(wide, []);
  });
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
