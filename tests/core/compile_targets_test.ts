import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/program_error.ts";
import { formatChecksums } from "../../scripts/compile/checksums.ts";
import { compileArguments } from "../../scripts/compile/compile_program.ts";
import { ExecutablesUnavailableError } from "../../scripts/compile/runtime_error.ts";
import {
  executableFileName,
  hostTarget,
  readTargets,
  TARGETS,
} from "../../scripts/compile/targets.ts";

Deno.test("an executable's name shows the target if it is asked to, and .exe on Windows", () => {
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

Deno.test("readTargets() takes triples and all, each once", () => {
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

Deno.test("hostTarget() refuses a system that Deno does not compile for", () => {
  assertEquals(hostTarget("aarch64-apple-darwin"), "aarch64-apple-darwin");
  assertThrows(
    () => hostTarget("x86_64-unknown-freebsd"),
    ExecutablesUnavailableError,
    "cannot build for x86_64-unknown-freebsd: Deno does not compile for it",
  );
});

Deno.test("a program is compiled with the permissions of its task and never asks", () => {
  const args = compileArguments({
    name: "tracker",
    target: "x86_64-pc-windows-msvc",
    path: "C:\\dist\\tracker.exe",
    embedded: ["lib/disk/hash_worker.ts"],
    excluded: ["C:\\cache\\left-pad"],
  });
  assertEquals(args, [
    "--frozen",
    "--no-prompt",
    "--no-code-cache",
    "--target=x86_64-pc-windows-msvc",
    "--output=C:\\dist\\tracker.exe",
    "--include=lib/disk/hash_worker.ts",
    "--exclude=C:\\cache\\left-pad",
    "-N",
    "-R",
    "-W",
    "--allow-sys=networkInterfaces",
    "cli/tracker.ts",
  ]);
});

Deno.test("formatChecksums() lists as sha256sum does, by name", () => {
  assertEquals(
    formatChecksums([
      { fileName: "tracker", sha256: "00ff" },
      { fileName: "peer.exe", sha256: "abcd" },
    ]),
    "abcd  peer.exe\n00ff  tracker\n",
  );
});
