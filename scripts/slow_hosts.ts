/**
 * Plants faults, one host each among three healthy ones, and prints the reason that the
 * machine which shares gives for each. Needs root on Linux, `nft`, `curl`, `mkfs.ext4`
 * and cgroups of version 1. `deno run -A scripts/slow_hosts.ts [--verbose] [FAULT...]`
 * plants those whose name contains one of the words. It has all permissions because
 * Deno allows writes to the cgroups below `/sys` with no fewer.
 */
import { FAULTS, plantFault } from "./lan/faults.ts";
import { runChecked } from "./programs/running_program.ts";

const words = Deno.args.filter((word) => !word.startsWith("--"));
const isVerbose = Deno.args.includes("--verbose");
const chosen = FAULTS.filter(({ name }) =>
  words.length === 0 || words.some((word) => name.includes(word))
);

await print("| Fault | Expected | Named | After | Healthy hosts | Reason |");
await print("| --- | --- | --- | --- | --- | --- |");
// Five copies of a file would otherwise wait for one disk.
const dir = await Deno.makeTempDir({ prefix: "lanswarm-" });
await runChecked("mount", ["-t", "tmpfs", "none", dir]);
let rightCount = 0;
let wrongCount = 0;
for (const fault of chosen) {
  const outcome = await plantFault(fault, {
    dir,
    onPoll: (hosts) => {
      if (!isVerbose) return;
      const text = hosts.map((host) =>
        `${host.state} ${(host.downloadBytesPerSecond / 1e6).toFixed(1)} ${
          host.reasonCode ?? "-"
        }`
      ).join(" | ");
      void print(text);
    },
  });
  const { code, afterSeconds, blamed, wrong, reason } = outcome;
  if (code === fault.code) rightCount++;
  wrongCount += wrong.length + blamed.length;
  const codes = [...wrong.map((other) => `first ${other}`), code].join(", ");
  const cells = [
    ...[fault.name, fault.code, codes, `${afterSeconds} s`],
    ...[blamed.length === 0 ? "never blamed" : blamed.join(), reason],
  ];
  await print(`| ${cells.join(" | ")} |`);
  const named = outcome.terminal.split("\n").find((line) =>
    fault.source !== undefined && line.includes(fault.source)
  );
  if (named !== undefined) await print(`its terminal: ${named}`);
}
await runChecked("umount", [dir]);
await Deno.remove(dir);
// They may be removed once no process is left in them.
await runChecked("sh", [
  ...["-c", "rmdir /sys/fs/cgroup/*/lanswarm-fault || true"],
]);
await print(
  `\n${rightCount} of ${chosen.length} named right, ${wrongCount} named wrong`,
);
if (wrongCount > 0 || chosen.length - rightCount > 1) Deno.exitCode = 1;

async function print(line: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
}
