import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/program_error.ts";
import {
  describeRuntime,
  examineRuntime,
  findRuntime,
  NPM_RUNTIME,
  type RuntimeSources,
  runtimeTarget,
  runtimeVersion,
  takeRuntime,
} from "../../scripts/compile/base_runtime.ts";
import { compileArguments } from "../../scripts/compile/build_target.ts";
import {
  CompilerError,
  complaintOf,
  reasonOf,
} from "../../scripts/compile/compiler.ts";
import {
  executableFileName,
  ExecutablesUnavailableError,
  readTargets,
  type Target,
  TARGETS,
} from "../../scripts/compile/targets.ts";

const LINUX = "x86_64-unknown-linux-gnu";
const WINDOWS = "x86_64-pc-windows-msvc";

/** A file of 256 bytes, zeros but for these parts by offset. */
function fileOf(
  parts: Readonly<Record<number, readonly number[]>>,
): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(256);
  for (const [offset, bytes] of Object.entries(parts)) {
    file.set(bytes, Number(offset));
  }
  return file;
}

const ELF = [0x7f, 0x45, 0x4c, 0x46];
const MACH_O = [0xcf, 0xfa, 0xed, 0xfe];
/** The first header, with the offset of the second one, 128. */
const MZ = { 0: [0x4d, 0x5a], 60: [0x80, 0, 0, 0] };
const PE = [0x50, 0x45, 0, 0];

Deno.test("runtimeTarget() recognizes the target by the header", () => {
  const cases: [file: Uint8Array, target: Target | undefined][] = [
    [fileOf({ 0: ELF, 18: [0x3e, 0] }), LINUX],
    [fileOf({ 0: ELF, 18: [0xb7, 0] }), "aarch64-unknown-linux-gnu"],
    [fileOf({ 0: ELF, 18: [0xf3, 0] }), undefined],
    [fileOf({ 0: [...MACH_O, 7, 0, 0, 1] }), "x86_64-apple-darwin"],
    [fileOf({ 0: [...MACH_O, 12, 0, 0, 1] }), "aarch64-apple-darwin"],
    [fileOf({ ...MZ, 128: [...PE, 0x64, 0x86] }), WINDOWS],
    // ARM64, which Deno does not compile for.
    [fileOf({ ...MZ, 128: [...PE, 0x64, 0xaa] }), undefined],
    // The offset of the second header exceeds the file.
    [fileOf({ 0: [0x4d, 0x5a], 60: [0xff, 0xff, 0xff, 0xff] }), undefined],
    [new TextEncoder().encode("#!/bin/sh\n".padEnd(64)), undefined],
    [new Uint8Array(3), undefined],
  ];
  for (const [file, target] of cases) assertEquals(runtimeTarget(file), target);
});

Deno.test("runtimeVersion() finds the highest version in the file", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  assertEquals(runtimeVersion(encode("\0denoDeno/2.4.2Deno/2.4.2+6")), "2.4.2");
  const several = "since Deno/2.10.0 or Deno/0.80.0, Deno/2.9.6";
  assertEquals(runtimeVersion(encode(several)), "2.10.0");
  assertEquals(runtimeVersion(encode("Deno/ and Deno/2.4 and Den")), undefined);
});

Deno.test("DENORT_BIN applies only to the target of its file", () => {
  const content = fileOf({
    0: ELF,
    18: [0x3e, 0],
    100: [...new TextEncoder().encode("Deno/2.4.2")],
  });
  const runtime = examineRuntime("/denort", { content, target: LINUX });
  assertEquals([runtime?.version, runtime?.path], ["2.4.2", "/denort"]);
  assertEquals(
    examineRuntime("/denort", { content, target: WINDOWS }),
    undefined,
  );
  assertThrows(
    () =>
      examineRuntime("/readme", { content: new Uint8Array(9), target: LINUX }),
    CompilerError,
    "cannot use DENORT_BIN /readme: it is not an executable",
  );
});

/** Sources of which some have no runtime. */
function sourcesWith(
  { refusal, npm }: { refusal?: string; npm?: Error },
): RuntimeSources {
  return {
    givenPath: undefined,
    downloadRefusal: () => Promise.resolve(refusal),
    npmRuntimePath: () =>
      npm === undefined ? Promise.resolve("/npm") : Promise.reject(npm),
  };
}

Deno.test("findRuntime() prefers the download to npm", async () => {
  const downloaded = await findRuntime(WINDOWS, sourcesWith({}));
  assertEquals([downloaded.source, downloaded.path], ["download", undefined]);
  const taken = await findRuntime(LINUX, sourcesWith({ refusal: "offline" }));
  assertEquals(
    [taken.source, taken.path, taken.version],
    ["npm", "/npm", "2.4.2"],
  );
  assertEquals(
    describeRuntime(taken),
    `denort 2.4.2 from the npm package ${NPM_RUNTIME.packageName}`,
  );
});

Deno.test("findRuntime() suggests DENORT_BIN if there is no runtime", async () => {
  await assertRejects(
    () => findRuntime(WINDOWS, sourcesWith({ refusal: "offline" })),
    ExecutablesUnavailableError,
    `cannot build for ${WINDOWS}: there is no denort: offline, and npm has none; set DENORT_BIN to`,
  );
  const npm = new ExecutablesUnavailableError("npm is not installed");
  await assertRejects(
    () => findRuntime(LINUX, sourcesWith({ refusal: "offline", npm })),
    ExecutablesUnavailableError,
    "offline, and npm is not installed; set DENORT_BIN to",
  );
});

Deno.test("findRuntime() fails if npm delivers another denort", async () => {
  const npm = new CompilerError("cannot take denort: it is another");
  await assertRejects(
    () => findRuntime(LINUX, sourcesWith({ refusal: "offline", npm })),
    CompilerError,
    "it is another",
  );
});

Deno.test("takeRuntime() checks the SHA-256 of the first bytes", async () => {
  const program = Uint8Array.from(new TextEncoder().encode("abcpayload"));
  // FIPS 180-2, the SHA-256 of "abc".
  const sha256 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(
    await takeRuntime(program, { length: 3, sha256 }),
    new TextEncoder().encode("abc"),
  );
  await assertRejects(
    () => takeRuntime(program, { length: 4, sha256 }),
    CompilerError,
    `of its first 4 bytes is `,
  );
});

Deno.test("complaintOf() gives one line, reasonOf() the reason without the URL", () => {
  const stderr = `npm warn something else
error: Writing deno compile executable

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://deno.test/denort.zip): client error (Connect): dns error
    2: client error (Connect)

Stack backtrace:
   0: <unknown>
`;
  const complaint = complaintOf(stderr);
  assertEquals(
    complaint,
    "Writing deno compile executable Caused by: 0: Setting up base binary. " +
      "1: error sending request for url (https://deno.test/denort.zip): " +
      "client error (Connect): dns error 2: client error (Connect)",
  );
  assertEquals(reasonOf(complaint), "client error (Connect): dns error");
  assertEquals(reasonOf(complaintOf("")), "");
});

Deno.test("readTargets() accepts triples and all, without repetitions", () => {
  assertEquals(readTargets([]), undefined);
  assertEquals(
    readTargets(["aarch64-apple-darwin", "aarch64-apple-darwin"]),
    ["aarch64-apple-darwin"],
  );
  assertEquals(readTargets(["all"]), [...TARGETS]);
  assertEquals(
    readTargets(["x86_64-pc-windows-msvc", "all"])?.length,
    TARGETS.length,
  );
  assertThrows(
    () => readTargets(["windows"]),
    UsageError,
    '--target is "windows", not all nor one of x86_64-unknown-linux-gnu, ',
  );
});

Deno.test("executableFileName() adds the target on demand, and .exe on Windows", () => {
  const linux = "x86_64-unknown-linux-gnu";
  const windows = "x86_64-pc-windows-msvc";
  assertEquals(executableFileName("peer", { target: linux }), "peer");
  assertEquals(executableFileName("peer", { target: windows }), "peer.exe");
  assertEquals(
    executableFileName("tracker", { target: linux, showsTarget: true }),
    "tracker-x86_64-unknown-linux-gnu",
  );
  assertEquals(
    executableFileName("peer", { target: windows, showsTarget: true }),
    "peer-x86_64-pc-windows-msvc.exe",
  );
});

Deno.test("compileArguments() takes the flags of the task and forbids prompts", () => {
  const args = compileArguments({
    name: "tracker",
    target: "x86_64-pc-windows-msvc",
    path: "C:\\dist\\tracker.exe",
    script: "tracker.js",
    embedded: ["hash_worker.ts"],
  });
  assertEquals(args, [
    "compile",
    "--no-config",
    "--no-code-cache",
    "--target=x86_64-pc-windows-msvc",
    "--output=C:\\dist\\tracker.exe",
    "--include=hash_worker.ts",
    "--no-prompt",
    "--v8-flags=--max-semi-space-size=4",
    "-N",
    "-R",
    "-W",
    "--allow-sys=hostname,networkInterfaces",
    "tracker.js",
  ]);
});
