import { assertEquals, assertRejects } from "@std/assert";
import {
  describeRuntime,
  examineRuntime,
  findRuntime,
  isStillFound,
  type RuntimePlaces,
} from "../../scripts/compile/base_runtime.ts";
import { complaintOf } from "../../scripts/compile/compiler.ts";
import { NPM_RUNTIME, takeRuntime } from "../../scripts/compile/npm_runtime.ts";
import { reasonOf } from "../../scripts/compile/runtime_download.ts";
import {
  ExecutablesUnavailableError,
  RuntimeError,
} from "../../scripts/compile/runtime_error.ts";
import {
  runtimeTarget,
  runtimeVersion,
} from "../../scripts/compile/runtime_header.ts";
import type { Target } from "../../scripts/compile/targets.ts";

const LINUX = "x86_64-unknown-linux-gnu";
const WINDOWS = "x86_64-pc-windows-msvc";

/** Bytes at their offsets, in a file of 256 with zeros between them. */
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
/** Up to the offset of the header proper, here 128. */
const MZ = { 0: [0x4d, 0x5a], 60: [0x80, 0, 0, 0] };
const PE = [0x50, 0x45, 0, 0];

Deno.test("runtimeTarget() tells the system by the header", () => {
  const cases: [file: Uint8Array, target: Target | undefined][] = [
    [fileOf({ 0: ELF, 18: [0x3e, 0] }), LINUX],
    [fileOf({ 0: ELF, 18: [0xb7, 0] }), "aarch64-unknown-linux-gnu"],
    [fileOf({ 0: ELF, 18: [0xf3, 0] }), undefined],
    [fileOf({ 0: [...MACH_O, 7, 0, 0, 1] }), "x86_64-apple-darwin"],
    [fileOf({ 0: [...MACH_O, 12, 0, 0, 1] }), "aarch64-apple-darwin"],
    [fileOf({ ...MZ, 128: [...PE, 0x64, 0x86] }), WINDOWS],
    // ARM64, which Deno does not compile for.
    [fileOf({ ...MZ, 128: [...PE, 0x64, 0xaa] }), undefined],
    // A header that begins beyond the bytes.
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

Deno.test("DENORT_BIN serves the target that its file is for", async () => {
  const content = fileOf({
    0: ELF,
    18: [0x3e, 0],
    100: [...new TextEncoder().encode("Deno/2.4.2")],
  });
  const runtime = await examineRuntime("/denort", { content, target: LINUX });
  assertEquals([runtime?.version, runtime?.path], ["2.4.2", "/denort"]);
  assertEquals(
    await examineRuntime("/denort", { content, target: WINDOWS }),
    undefined,
  );
  await assertRejects(
    () =>
      examineRuntime("/readme", { content: new Uint8Array(9), target: LINUX }),
    RuntimeError,
    "cannot use DENORT_BIN /readme: it is not an executable",
  );
});

/** Places of which some have no runtime. */
function placesWith(
  { refusal, npm }: { refusal?: string; npm?: Error },
): RuntimePlaces {
  return {
    downloadRefusal: () => Promise.resolve(refusal),
    npmRuntimePath: () =>
      npm === undefined ? Promise.resolve("/npm") : Promise.reject(npm),
  };
}

Deno.test("findRuntime() takes what Deno downloads before what npm has", async () => {
  const downloaded = await findRuntime(WINDOWS, placesWith({}));
  assertEquals([downloaded.source, downloaded.path], ["download", undefined]);
  const taken = await findRuntime(LINUX, placesWith({ refusal: "offline" }));
  assertEquals(
    [taken.source, taken.path, taken.version],
    ["npm", "/npm", "2.4.2"],
  );
  assertEquals(
    describeRuntime(taken),
    `denort 2.4.2 out of the npm package ${NPM_RUNTIME.packageName}`,
  );
  assertEquals([isStillFound(downloaded), isStillFound(taken)], [true, true]);
  assertEquals(isStillFound({ source: "download", version: "0.1.0" }), false);
  assertEquals(isStillFound({ source: "DENORT_BIN", version: "2.4.2" }), false);
});

Deno.test("findRuntime() names DENORT_BIN where there is nothing else", async () => {
  await assertRejects(
    () => findRuntime(WINDOWS, placesWith({ refusal: "offline" })),
    ExecutablesUnavailableError,
    `cannot build for ${WINDOWS}: there is no denort: offline, and npm has none; set DENORT_BIN to`,
  );
  const npm = new ExecutablesUnavailableError("npm is not installed");
  await assertRejects(
    () => findRuntime(LINUX, placesWith({ refusal: "offline", npm })),
    ExecutablesUnavailableError,
    "offline, and npm is not installed; set DENORT_BIN to",
  );
});

Deno.test("a wrong denort from npm is an error, not one that is missing", async () => {
  const npm = new RuntimeError("cannot take denort: it is another");
  await assertRejects(
    () => findRuntime(LINUX, placesWith({ refusal: "offline", npm })),
    RuntimeError,
    "it is another",
  );
});

Deno.test("takeRuntime() takes the first bytes if their SHA-256 is the expected one", async () => {
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
    RuntimeError,
    `of its first 4 bytes is `,
  );
});

Deno.test("a compiler's complaint is one line, and its reason without the address", () => {
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
