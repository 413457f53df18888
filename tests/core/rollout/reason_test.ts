import { assertEquals, assertMatch } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";
import { storageFailure } from "../../../lib/files/storage_failure.ts";
import {
  failureCode,
  type HostEvidence,
  isReasonCode,
  type SlowHost,
  slowReason,
} from "../../../lib/rollout/reason.ts";

const NOTHING: HostEvidence = {
  disk: 0.05,
  late: 0.05,
  hash: 0.05,
  idle: 0,
  stall: 0.05,
  peerCount: 4,
  limitBytesPerSecond: 0,
  isWireless: false,
};

/** A slow host among four others, with nothing that explains it. */
function slowHost(
  evidence: Partial<HostEvidence> = {},
  changes: Partial<SlowHost> = {},
): SlowHost {
  return {
    evidence: { ...NOTHING, ...evidence },
    common: { disk: 0.05, late: 0.05, hash: 0.05, stall: 0.05 },
    rates: Array(10).fill(5e6),
    otherCount: 4,
    port: 6881,
    failedProbeCount: 0,
    isReachable: true,
    isStuck: false,
    missingLength: 22e9,
    freeLength: 3e9,
    ...changes,
  };
}

/** Rates around one in Mbit/s, that vary by a share. */
function rates(megabits: number, spread = 0.02): number[] {
  return Array.from(
    { length: 10 },
    (_, index) => megabits * 1e6 / 8 * (1 + (index % 2 ? spread : -spread)),
  );
}

const MEGA = 1e6;

/** Evidence, and the code of the reason. */
const TABLE: readonly [
  name: string,
  code: string | undefined,
  host: SlowHost,
][] = [
  ["nothing explains it", undefined, slowHost()],
  [
    "another client says nothing",
    undefined,
    slowHost({}, { evidence: undefined }),
  ],
  [
    "another client that nobody reaches",
    "unreachable",
    slowHost({}, { evidence: undefined, failedProbeCount: 2 }),
  ],
  ["a plateau of 100 Mbit/s", "link", slowHost({}, { rates: rates(94) })],
  ["a plateau of 10 Mbit/s", "link", slowHost({}, { rates: rates(9.3) })],
  ["a plateau of 80 Mbit/s", undefined, slowHost({}, { rates: rates(80) })],
  [
    "94 Mbit/s in the mean alone",
    undefined,
    slowHost({}, { rates: rates(94, 0.2) }),
  ],
  [
    "a plateau that is too short",
    undefined,
    slowHost({}, { rates: rates(94).slice(0, 5) }),
  ],
  ["a slow disk", "disk", slowHost({ disk: 0.9 })],
  [
    "disks that are slow everywhere",
    undefined,
    slowHost({ disk: 0.9 }, { common: { ...NOTHING, disk: 0.8 } }),
  ],
  [
    "a full disk",
    "diskFull",
    slowHost({ disk: 0.9 }, { isStuck: true }),
  ],
  [
    "less room than needed, and not stuck",
    "disk",
    slowHost({ disk: 0.9 }),
  ],
  [
    "a busy processor that delays writes",
    "cpu",
    slowHost({ late: 0.59, disk: 0.72 }),
  ],
  [
    "a slow disk, at a processor that is late at times",
    "disk",
    slowHost({ late: 0.36, disk: 0.9 }),
  ],
  ["a busy processor", "cpu", slowHost({ late: 0.6, hash: 0.1 })],
  [
    "processors that are busy everywhere",
    undefined,
    slowHost({ late: 0.6 }, { common: { ...NOTHING, late: 0.4 } }),
  ],
  ["hashing that delays all else", "hash", slowHost({ late: 0.8, hash: 0.7 })],
  ["nobody has what it lacks", "sources", slowHost({ idle: 0.9 })],
  [
    "nobody connects to it, and it connects to few",
    "unreachable",
    slowHost({ peerCount: 1 }, { failedProbeCount: 2 }),
  ],
  [
    "one attempt failed",
    undefined,
    slowHost({ peerCount: 1 }, { failedProbeCount: 1, isReachable: false }),
  ],
  [
    "nobody connects to it, and it connects to all, on a slow link",
    "link",
    slowHost({}, { failedProbeCount: 2, rates: rates(94) }),
  ],
  ["it reaches the source alone", "isolated", slowHost({ peerCount: 1 })],
  ["it reaches nobody", "isolated", slowHost({ peerCount: 0 })],
  [
    "there is only the source",
    undefined,
    slowHost({ peerCount: 1 }, { otherCount: 1 }),
  ],
  [
    "its connections stand still",
    "lossy",
    slowHost({ stall: 0.6 }),
  ],
  [
    "those of all others do too",
    undefined,
    slowHost({ stall: 0.6 }, { common: { ...NOTHING, stall: 0.5 } }),
  ],
  ["wireless", "wifi", slowHost({ isWireless: true, stall: 0.6 })],
  [
    "its own limit",
    "limit",
    slowHost({ limitBytesPerSecond: 5.2 * MEGA, stall: 0.9 }),
  ],
  [
    "far below its own limit",
    "cpu",
    slowHost({ limitBytesPerSecond: 50 * MEGA, late: 0.9 }),
  ],
];

for (const [name, code, host] of TABLE) {
  Deno.test(`slowReason(): ${name}: ${code ?? "no reason"}`, () => {
    const reason = slowReason(host);
    assertEquals(reason?.code, code);
    // One line with a number and what to do.
    if (reason !== undefined) assertMatch(reason.text, /^.*\d.*[:;] ?[a-z].*$/);
  });
}

Deno.test("failureCode() tells a full disk and a folder that cannot be written from other failures", () => {
  const codeOf = (code: string): string =>
    failureCode(
      storageFailure("write", "a", Object.assign(new Error("x"), { code })),
    );
  assertEquals(
    ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE"]
      .map(codeOf),
    [
      ...["diskFull", "diskFull", "readOnly", "readOnly", "readOnly"],
      ...["failed", "failed"],
    ],
  );
  assertEquals(
    failureCode(new StorageError("no room", { cause: "ENOSPC" })),
    "diskFull",
  );
  assertEquals(failureCode(new Error("x")), "failed");
});

Deno.test("isReasonCode() knows codes alone", () => {
  assertEquals(
    ["cpu", "constructor", "", undefined, 1, null].map(isReasonCode),
    [true, false, false, false, false, false],
  );
});
