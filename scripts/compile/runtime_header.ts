/**
 * Reads the target and the version of a `denort` from its bytes, as `deno compile`
 * checks neither.
 *
 * @module
 */
import type { Target } from "./targets.ts";

/** First bytes of the file that {@linkcode runtimeTarget} needs. */
export const RUNTIME_HEADER_LENGTH = 4096;

/** `e_machine` of ELF. */
const ELF_MACHINES: Readonly<Record<number, Target>> = {
  0x3e: "x86_64-unknown-linux-gnu",
  0xb7: "aarch64-unknown-linux-gnu",
};

/** `cputype` of Mach-O. */
const MACH_O_PROCESSORS: Readonly<Record<number, Target>> = {
  0x01000007: "x86_64-apple-darwin",
  0x0100000c: "aarch64-apple-darwin",
};

/** `Machine` of a PE file: x86-64. */
const PE_X86_64 = 0x8664;

/** The target of an executable by its header; undefined if Deno does not compile for it. */
export function runtimeTarget(header: Uint8Array): Target | undefined {
  const view = new DataView(
    header.buffer,
    header.byteOffset,
    header.byteLength,
  );
  if (view.byteLength < 64) return undefined;
  // "\x7fELF", then at 18 the machine.
  if (view.getUint32(0) === 0x7f454c46) {
    return ELF_MACHINES[view.getUint16(18, true)];
  }
  // Mach-O of 64 bits, little-endian.
  if (view.getUint32(0, true) === 0xfeedfacf) {
    return MACH_O_PROCESSORS[view.getUint32(4, true)];
  }
  // "MZ", at 60 the offset of "PE\0\0" and then the machine.
  if (view.getUint16(0) === 0x4d5a) {
    const offset = view.getUint32(60, true);
    if (offset + 6 > view.byteLength) return undefined;
    return view.getUint32(offset) === 0x50450000 &&
        view.getUint16(offset + 4, true) === PE_X86_64
      ? "x86_64-pc-windows-msvc"
      : undefined;
  }
  return undefined;
}

/**
 * The version of Deno that a runtime belongs to, from the `User-Agent` in it;
 * undefined if there is none. The highest one counts, as other texts may mention
 * older versions.
 */
export function runtimeVersion(content: Uint8Array): string | undefined {
  const mark = new TextEncoder().encode("Deno/");
  let highest: string | undefined;
  for (
    let at = content.indexOf(mark[0]!);
    at !== -1;
    at = content.indexOf(mark[0]!, at + 1)
  ) {
    if (!mark.every((byte, index) => content[at + index] === byte)) continue;
    const text = String.fromCharCode(...content.subarray(at + 5, at + 32));
    const version = /^\d{1,3}\.\d{1,3}\.\d{1,3}/.exec(text)?.[0];
    if (version === undefined) continue;
    if (highest === undefined || compareVersions(version, highest) > 0) {
      highest = version;
    }
  }
  return highest;
}

function compareVersions(one: string, other: string): number {
  const [parts, others] = [one, other].map((text) =>
    text.split(".").map(Number)
  );
  const index = parts!.findIndex((part, index) => part !== others![index]);
  return index === -1 ? 0 : parts![index]! - others![index]!;
}
