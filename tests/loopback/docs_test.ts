/**
 * Runs every command of README.md and docs/ in reading order, with three changes:
 * 192.168.1.100 is 127.0.0.1 with a free port, this test's Deno runs in place of
 * the one that npx would fetch, and nothing leaves this machine: `get` names it. Programs that run until they are stopped
 * stay up until the end, as on a LAN; a peer whose folder is used again is
 * stopped first, as a user would have to.
 */
import configuration from "../../deno.json" with { type: "json" };
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { dirname, join } from "@std/path";
import {
  runCommand,
  type RunningProgram,
} from "../../scripts/programs/running_program.ts";
import {
  type ProgramName,
  REPOSITORY,
  runTask,
  spawnTask,
} from "../../scripts/programs/tasks.ts";
import { splitWords } from "../../cli/command_words.ts";
import { FLAGS as CREATE_FLAGS } from "../../cli/create_job.ts";
import { flagName, type Flags } from "../../cli/flags.ts";
import { FLAGS as GET_FLAGS } from "../../cli/get.ts";
import { FLAGS as PEER_FLAGS } from "../../cli/peer_job.ts";
import { FLAGS as SHARE_FLAGS } from "../../cli/share_job.ts";
import { FLAGS as TRACKER_FLAGS } from "../../cli/tracker.ts";
import { FLAGS as VERIFY_FLAGS } from "../../cli/verify.ts";
import { FLAGS as WAIT_FLAGS } from "../../cli/wait.ts";
import { freePort } from "./machine.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** In reading order: later pages use files that earlier ones made. */
const PAGES = [
  "README.md",
  ...[
    ...["guide", "tracker", "reference", "troubleshooting", "library"],
    ...["performance", "reliability", "protocol", "security", "design"],
  ].map((name) => `docs/${name}.md`),
  "CONTRIBUTING.md",
];
const TEXTS = await Promise.all(
  PAGES.map((page) => Deno.readTextFile(join(REPOSITORY, page))),
);
const CI = await Deno.readTextFile(join(REPOSITORY, ".ci/run"));
const CI_DENO_VERSION = /^CURRENT_DENO=(.*)$/m.exec(CI)?.[1];

/** The code blocks of one language on all pages, without their fences. */
function codeBlocks(language: string): string[] {
  // A block in a list is indented.
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^\\1\`\`\`$`, "gm");
  return TEXTS.flatMap((text) => [...text.matchAll(fence)]).map((
    [, indent, body],
  ) => body!.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

/** A command of a page. */
interface Command {
  /** As the page has it. */
  readonly text: string;
  /** Arguments of `deno`. */
  readonly args: readonly string[];
}

function commands(): Command[] {
  return codeBlocks("sh")
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, "").trim().split("\n"))
    .map((text) => {
      const [program, ...rest] = splitWords(text, "linux");
      if (program === "deno") return { text, args: rest };
      const [yes, deno, ...args] = rest;
      assertEquals(
        [program, yes, deno],
        ["npx", "-y", `deno@${CI_DENO_VERSION}`],
        `not a command of this project: ${text}`,
      );
      return { text, args };
    });
}

/** Tasks of contributors: they would run this test, or take minutes. */
const DEVELOPMENT_TASKS = [
  ...["test", "test:long", "ok", "check", "compile", "release"],
  ...["bench", "bench:tracker", "picture"],
];

function isOfTask({ args }: Command, ...names: string[]): boolean {
  return args[0] === "task" && names.includes(args[1]!);
}

/** Runs commands in one folder, one after another. */
class Walkthrough implements AsyncDisposable {
  readonly #folder: string;
  readonly #running = new AsyncDisposableStack();
  /** The peer that shares a folder. */
  readonly #peers = new Map<string, RunningProgram>();
  /** Ports of the pages to ports of this run. */
  readonly #ports = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async follow(command: Command): Promise<void> {
    const [verb, ...rest] = command.args.map((word) => this.#translate(word));
    if (verb === "task") await this.#runTask(rest, command.text);
    else await runDeno([verb!, ...rest], command.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }

  #translate(word: string): string {
    return word.replace(
      /http:\/\/192\.168\.1\.100:(\d+)/,
      (_, port) => `http://127.0.0.1:${this.#portFor(port)}`,
    );
  }

  #portFor(port: string): string {
    const chosen = this.#ports.get(port) ?? String(freePort());
    this.#ports.set(port, chosen);
    return chosen;
  }

  async #runTask([name, ...args]: string[], command: string): Promise<void> {
    const program = name as ProgramName;
    if (program === "peer") await this.#leave(folderOf(args));
    const local = ["--host", "127.0.0.1", "--no-discovery"];
    const host = `127.0.0.1:${this.#portFor("share")}`;
    if (program === "share") {
      const ports = ["--port", this.#portFor("share"), "--peer-port", "0"];
      const share = this.#start(program, [...args, ...ports, ...local]);
      await share.stdout.waitFor(/is ready/);
      // It has the folder for itself, as a peer has.
      this.#peers.set(".", share);
    } else if (program === "get") {
      const what = args[0]?.startsWith("-") ? [host] : [];
      const flags = ["--port", "0", "--exit-when-complete", ...local];
      const task = [...what, ...args, ...flags];
      const result = await runTask(program, task, { cwd: this.#folder });
      assertEquals(result.code, 0, `${command}\n${result.stderr}`);
    } else if (program === "tracker") {
      const tracker = this.#start(program, [this.#portFor(args[0]!)]);
      await tracker.stdout.waitFor(/^announce /);
    } else if (program === "peer" && !endsByItself(args)) {
      const peer = this.#start(program, args);
      this.#peers.set(folderOf(args), peer);
      await peer.stdout.waitFor(/document\.pdf.*seeding/);
    } else {
      const result = await runTask(program, args, { cwd: this.#folder });
      assertEquals(result.code, 0, `${command}\n${result.stderr}`);
    }
  }

  async #leave(folder: string): Promise<void> {
    await this.#peers.get(folder)?.stop("SIGTERM");
    this.#peers.delete(folder);
  }

  #start(name: ProgramName, args: readonly string[]): RunningProgram {
    // Nothing leaves this machine.
    const local = name === "peer" ? [...args, "--no-discovery"] : args;
    return this.#running.use(spawnTask(name, local, { cwd: this.#folder }));
  }
}

/** Runs Deno in the repository. */
async function runDeno(
  args: readonly string[],
  command: string,
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(Deno.execPath(), args, {
    cwd: REPOSITORY,
  });
  assertEquals(code, 0, `${command}\n${stderr}`);
  return stdout;
}

/** A peer's folder; `create`, `show` and `verify` lock none. */
function folderOf(args: readonly string[]): string {
  const flag = args.indexOf("--dir");
  if (flag !== -1) return args[flag + 1]!;
  return ["create", "show", "verify"].includes(args[0]!) ? args[0]! : ".";
}

function endsByItself(args: readonly string[]): boolean {
  return ["create", "show", "verify"].includes(args[0]!) ||
    args.includes("--exit-when-complete");
}

Deno.test("every command of README and docs works, in reading order", async () => {
  await using folder = await temporaryFolder();
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  await Deno.writeFile(join(folder.path, "document.pdf"), content);
  await Deno.mkdir(join(folder.path, "photos"));
  await Deno.writeFile(join(folder.path, "photos", "one.jpg"), content);
  await using walkthrough = new Walkthrough(folder.path);

  const own = commands().filter((command) =>
    !isOfTask(command, "demo", ...DEVELOPMENT_TASKS)
  );
  assert(own.length > 10, "found no commands");
  for (const command of own) await walkthrough.follow(command);

  const copy = await Deno.readFile(
    join(folder.path, "downloads", "document.pdf"),
  );
  assertEquals(copy, content);
});

Deno.test("the README's demo copies a file to three leechers", async () => {
  const demo = commands().find((command) => isOfTask(command, "demo"));
  assert(demo !== undefined, "the README shows no demo");
  const stdout = await runDeno(demo.args, demo.text);
  assertEquals(stdout.match(/^The copy of the .* is correct/gm)?.length, 3);
});

Deno.test("every link between pages leads to a page and a heading", async () => {
  for (const [index, page] of PAGES.entries()) {
    const links = TEXTS[index]!.matchAll(/\]\((?!https?:)([^)#]*)(#[^)]+)?\)/g);
    for (const [, path, anchor] of links) {
      const target = path === "" ? page : join(dirname(page), path!);
      const text = await Deno.readTextFile(join(REPOSITORY, target))
        .catch(() => undefined);
      assert(
        text !== undefined,
        `${page} links to ${target}, which is missing`,
      );
      assert(
        anchor === undefined || anchors(text).includes(anchor),
        `${page} links to ${target}${anchor}, which has no such heading`,
      );
    }
  }
});

Deno.test("each attack of the page on security names tests that exist", async () => {
  const text = await Deno.readTextFile(join(REPOSITORY, "docs/security.md"));
  const [, table] = /^## What they cannot do$([^]*?)^## /m.exec(text)!;
  const rows = table!.split("\n").filter((line) =>
    /^\| (?!Attack|-)/.test(line)
  );
  assert(rows.length > 10);
  for (const row of rows) {
    const files = [...row.matchAll(/`([\w/]+_test\.ts)`/g)].map(([, file]) =>
      join(REPOSITORY, "tests", file!)
    );
    assert(files.length > 0, row);
    for (const file of files) assert((await Deno.stat(file)).isFile, file);
  }
});

/** The anchors of a page's headings, as GitHub forms them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    "#" +
    heading!.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

Deno.test("the reference names every flag of every program", () => {
  const text = TEXTS[PAGES.indexOf("docs/reference.md")]!;
  const programs: Record<string, Flags> = {
    share: SHARE_FLAGS,
    get: GET_FLAGS,
    tracker: TRACKER_FLAGS,
    wait: WAIT_FLAGS,
    create: CREATE_FLAGS,
    verify: VERIFY_FLAGS,
    peer: PEER_FLAGS,
  };
  for (const [program, flags] of Object.entries(programs)) {
    const section = text.split(/^## /m)
      .find((part) => part.startsWith(`${program}\n`));
    for (const flag of Object.values(flags).map(flagName)) {
      // Every program has it: the first paragraph names it.
      const place = flag === "debug" ? text : section!;
      assertMatch(place, new RegExp(`\`--${flag}[ \`]`), program);
    }
  }
});

Deno.test("the reference lists flags in the order and below the headings of the help", () => {
  const text = TEXTS[PAGES.indexOf("docs/reference.md")]!;
  const programs: Record<string, Flags> = {
    share: SHARE_FLAGS,
    peer: PEER_FLAGS,
  };
  for (const [program, flags] of Object.entries(programs)) {
    const section = text.split(/^## /m)
      .find((part) => part.startsWith(`${program}\n`))!;
    const [table] = section.split("\n\n")
      .filter((part) => part.startsWith("| Flag"));
    const listed = [...table!.matchAll(/\| \*\*(.+?)\*\*|`--([\w-]+)[^|]*?`/g)]
      .map(([, heading, flag]) => heading ?? flag);
    const groups = Map.groupBy(Object.values(flags), ({ group }) => group);
    const expected = [...groups].flatMap(([heading, flags]) => [
      heading,
      ...flags.map(flagName).filter((flag) => flag !== "debug"),
    ]);
    const isNamed = (word: string | undefined, index: number): boolean =>
      word !== "debug" && listed.indexOf(word) === index;
    assertEquals(listed.filter(isNamed), expected, program);
  }
});

Deno.test("CI runs the tasks that the pages name", () => {
  const development = commands().filter((command) =>
    isOfTask(command, ...DEVELOPMENT_TASKS)
  );
  for (const { args: [, task, ...rest] } of development) {
    assert(task! in configuration.tasks, `there is no task ${task}`);
    if (task === "bench") {
      assertStringIncludes(CI, `task ${[task, ...rest].join(" ")}\n`);
    }
  }
  assert(development.some((command) => isOfTask(command, "test")));
  // `ok` is the check and then `test`.
  assertStringIncludes(CI, "task ok\n");
});

Deno.test("every script of README and docs runs with network permission alone", async () => {
  const scripts = codeBlocks("ts");
  await using folder = await temporaryFolder();
  const path = join(folder.path, "share.ts");
  const library = new URL("../../mod.ts", import.meta.url).href;
  const outputs = [];
  for (const script of scripts) {
    await Deno.writeTextFile(path, script.replace("./mod.ts", library));
    const { code, stdout, stderr } = await runCommand(Deno.execPath(), [
      ...["run", "--no-prompt", `--config=${REPOSITORY}deno.json`, "-N", path],
    ]);
    assertEquals([code, stderr], [0, ""], script);
    outputs.push(stdout);
  }
  assert(outputs.includes("Hello, LAN!\n"), "found no script that shares");
});
