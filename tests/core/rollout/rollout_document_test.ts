import { assert, assertEquals } from "@std/assert";
import { Ajv } from "ajv";
import schema from "../../../docs/rollout.schema.json" with { type: "json" };
import {
  describeRollout,
  formatReport,
  type RolloutDocument,
} from "../../../lib/rollout/rollout_document.ts";
import { A, announce, B, expecting, report } from "./rollout_sample.ts";

const SHARE = {
  ...{ id: A, name: "images", sizeBytes: 1_000 },
  state: "ready",
} as const;
/** A minute after the start of the hosts' clock. */
const CLOCKS = { nowMs: 60_000, wallMs: Date.UTC(2026, 0, 1, 12, 1) };

const validate = new Ajv({ strict: true }).compile(schema);

/** A document as programs read it. */
function documentOf(
  ...args: Parameters<typeof describeRollout>
): RolloutDocument {
  return JSON.parse(JSON.stringify(describeRollout(...args)));
}

/** Fails with the first fault of a document. */
function assertValid(document: unknown): void {
  assert(validate(document), JSON.stringify(validate.errors));
}

Deno.test("a rollout's document matches its schema, in every state", () => {
  const rollout = expecting("lab0[1-9]");
  const states = ["waiting", "fetching", "verifying", "verified", "done"];
  const signs: Parameters<typeof report>[] = [
    ...states.map((state, index): Parameters<typeof report> => [
      `${index + 1}`,
      {
        ...{ state: state as "done", freeBytes: 7 },
        ...{ receivedBytes: 9, sourceBytes: 2 },
      },
    ]),
    ["a", {}],
    ["6", { state: "failed", reason: "its disk is full", exitCode: 3 }],
  ];
  for (const nowMs of [0, 50_000, 60_000]) {
    for (const sign of signs) {
      rollout.reported(report(...sign), `192.168.1.${sign[0]}`, nowMs);
    }
  }
  rollout.reported(report("2", { fraction: 0.6 }), "192.168.1.2", 60_300);
  rollout.reported(report("7"), "192.168.1.7", 0);
  rollout.announced(announce("8", { left: 0 }), 0);
  const document = documentOf(SHARE, rollout, CLOCKS);
  assertValid(document);
  assertEquals(document.verdict, {
    expected: 9,
    needed: 9,
    verified: 2,
    isMet: false,
  });
  assertEquals(
    Object.entries(document.counts).filter(([, count]) => count === 0),
    [],
  );
  assertEquals(document.hosts[3], {
    name: "lab04",
    address: "192.168.1.4",
    isExpected: true,
    state: "verified",
    ...{ freeBytes: 7, bytesFromSource: 2, bytesFromOthers: 7 },
    fraction: 1,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 20,
    source: "hash",
    firstSeen: "2026-01-01T12:00:00.000Z",
    completeAt: "2026-01-01T12:00:00.000Z",
  });
  for (const wrong of [{ version: 2 }, { hosts: [{}] }, { counts: {} }]) {
    assertEquals(validate({ ...document, ...wrong }), false);
  }
});

Deno.test("a document says whether the source is needed, until enough hosts are verified", () => {
  const rollout = expecting("lab0[1-3]", 1);
  rollout.addShare(A, 1_000, () => ({
    torrent: { geometry: { pieceCount: 30_000 } },
    peerPieces: () => [],
    snapshot: () => ({ uploadBytesPerSecond: 100 }),
  }));
  const read = (nowMs: number): RolloutDocument =>
    documentOf(SHARE, rollout, { ...CLOCKS, nowMs });
  assertValid(read(0));
  const red = { needed: true, onlyHere: 1, light: "red" } as const;
  assertEquals(read(0).source, red);
  assertEquals(read(0).finish, undefined);
  for (const [nowMs, fraction] of [[0, 0], [4_000, 0.4]] as const) {
    const changes = { fraction, downloadBytesPerSecond: 100 };
    rollout.reported(report("1", changes), "192.168.1.1", nowMs);
  }
  assertEquals(read(4_000).finish, {
    ...{
      inSeconds: 6,
      uncertaintySeconds: 1.5,
      at: "2026-01-01T12:01:06.000Z",
    },
    ...{ boundSeconds: 10, ofBound: 1 },
  });
  assertValid(read(4_000));
  rollout.reported(report("1", { state: "verified" }), "192.168.1.1", 5_000);
  assertEquals(read(5_000).source, {
    ...{ needed: false, onlyHere: 0, light: "amber" },
  });
  assertEquals(read(5_000).finish?.inSeconds, 0);
  assertValid(read(5_000));
});

Deno.test("a document of a share that is hashed has its expected hosts, and no size", () => {
  const rollout = expecting("lab0[1-2]");
  const hashing = { ...SHARE, id: "f00", sizeBytes: undefined } as const;
  const document = documentOf(hashing, rollout, CLOCKS);
  assertValid(document);
  assertEquals([document.counts.missing, "sizeBytes" in document], [2, false]);
});

Deno.test("a document has the hosts of its own share alone", () => {
  const rollout = expecting("1");
  rollout.announced(announce("1", { left: 0 }), 0);
  rollout.announced(announce("1", { infoHash: B, left: 500 }), 0);
  rollout.announced(announce("2", { infoHash: B, left: 500 }), 0);
  const of = (id: string): [number, boolean] => {
    const share = { ...SHARE, id };
    const { hosts, verdict } = documentOf(share, rollout, CLOCKS);
    return [hosts.length, verdict.isMet];
  };
  assertEquals(of(A), [1, true]);
  assertEquals(of(B), [2, false]);
});

Deno.test("formatReport() writes a table that no spreadsheet takes for formulas", () => {
  const rollout = expecting("lab01,-x");
  const reason = '=cmd|"x", y';
  rollout.reported(
    report("1", {
      ...{ state: "failed", reason, fraction: 0.625 },
      ...{ reasonCode: "diskFull", receivedBytes: 625, sourceBytes: 400 },
    }),
    "192.168.1.1",
    0,
  );
  assertEquals(formatReport(rollout, CLOCKS).split("\r\n"), [
    "host,address,expected,state,percent,first seen,complete at,verified by,exit code,reason,reason code,bytes from source,bytes from others",
    `lab01,192.168.1.1,yes,failed,62,2026-01-01T12:00:00.000Z,,,,"'=cmd|""x"", y",diskFull,400,225`,
    "'-x,,yes,missing,0,,,,,never seen,silent,,",
    "",
  ]);
});

Deno.test("a document says that its share is paused, and its limit", () => {
  const rollout = expecting("1");
  rollout.reported(report("1"), "192.168.1.1", 0);
  const read = (): RolloutDocument =>
    documentOf(SHARE, rollout, { ...CLOCKS, nowMs: 1_000 });
  assertEquals([read().paused, "limitBytesPerSecond" in read()], [
    ...[false, false],
  ]);
  rollout.control.setPaused(A, true);
  rollout.control.setLimit(undefined, 10_000_000);
  const document = read();
  assertValid(document);
  const [host] = document.hosts;
  assertEquals(
    [document.paused, document.limitBytesPerSecond, host?.reasonCode],
    [true, 10_000_000, "paused"],
  );
});
