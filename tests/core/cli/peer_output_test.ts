import { assertEquals, assertMatch } from "@std/assert";
import {
  describeEvent,
  describeFindings,
  describeVerification,
  eventToJson,
  statusToJson,
  verificationToJson,
} from "../../../cli/peer_output.ts";
import { printableJson } from "../../../cli/printable.ts";
import { type SessionEvent, StorageError } from "../../../mod.ts";
import { MIB, peer, snapshot, TORRENT } from "./snapshots.ts";

const URL_A = "http://192.168.1.100:8000/announce";
const ADDRESS = { hostname: "fe80::7", port: 6881 };

/** Every kind of event, the line for people and what programs read. */
const EVENTS: [
  event: SessionEvent,
  line: string | undefined,
  json: Record<string, unknown>,
][] = [
  [
    { type: "completed" },
    "complete and verified",
    { type: "completed" },
  ],
  [
    { type: "pieceVerified", index: 7 },
    undefined,
    { type: "pieceVerified", index: 7 },
  ],
  [
    { type: "pieceCorrupt", index: 7 },
    "piece 7 arrived corrupt; it is fetched again",
    { type: "pieceCorrupt", index: 7 },
  ],
  [
    { type: "peerBanned", hostname: "10.0.0.9", index: 7 },
    "10.0.0.9 sent wrong data for piece 7; it is banned",
    { type: "peerBanned", hostname: "10.0.0.9", index: 7 },
  ],
  [
    { type: "peerConnected", address: ADDRESS },
    undefined,
    { type: "peerConnected", address: "[fe80::7]:6881" },
  ],
  [
    { type: "peerDisconnected", address: ADDRESS, reason: undefined },
    undefined,
    {
      type: "peerDisconnected",
      address: "[fe80::7]:6881",
      reason: null,
    },
  ],
  [
    {
      type: "storageFailed",
      error: new StorageError("Cannot write a: the disk is full; free some"),
    },
    undefined,
    {
      type: "storageFailed",
      reason: "Cannot write a: the disk is full; free some",
    },
  ],
  [
    {
      type: "announced",
      url: URL_A,
      complete: 1,
      incomplete: 2,
      peerCount: 3,
      intervalMs: 120_000,
    },
    `tracker ${URL_A} answers`,
    {
      type: "announced",
      url: URL_A,
      complete: 1,
      incomplete: 2,
      peerCount: 3,
      intervalMs: 120_000,
    },
  ],
  [
    {
      type: "announceFailed",
      url: URL_A,
      reason: `Cannot announce to ${URL_A}: Connection refused`,
      retryInMs: 5000,
    },
    `Cannot announce to ${URL_A}: Connection refused; the transfer goes on without it`,
    {
      type: "announceFailed",
      url: URL_A,
      reason: `Cannot announce to ${URL_A}: Connection refused`,
      retryInMs: 5000,
    },
  ],
  [
    { type: "trackerWarning", url: URL_A, text: "upgrade" },
    `tracker ${URL_A} says: upgrade`,
    { type: "trackerWarning", url: URL_A, text: "upgrade" },
  ],
];

for (const [event, line, json] of EVENTS) {
  Deno.test(`describeEvent() says of ${event.type}: ${line}`, () => {
    assertEquals(describeEvent(event), line);
  });

  Deno.test(`eventToJson() makes plain data of ${event.type}`, () => {
    const value = eventToJson(TORRENT, event);
    assertEquals(JSON.parse(JSON.stringify(value)), {
      infoHash: TORRENT.infoHash,
      name: "film.mkv",
      ...json,
    });
  });
}

Deno.test("describeEvent() expects no more of a tracker that was told of the end", () => {
  const event = {
    type: "announceFailed",
    url: URL_A,
    reason: "Cannot announce to it: timed out",
    retryInMs: Infinity,
  } as const;
  assertEquals(
    describeEvent(event),
    "Cannot announce to it: timed out; the tracker forgets this peer by itself",
  );
});

Deno.test("a verification tells how far it is", () => {
  const verification = {
    torrent: TORRENT,
    progress: { checkedCount: 151, verifiedCount: 3 },
  };
  assertEquals(describeVerification(verification), "verifying 37%");
  assertEquals(verificationToJson(verification), {
    type: "verifying",
    infoHash: TORRENT.infoHash,
    name: "film.mkv",
    progress: 0.3775,
  });
});

Deno.test("describeFindings() says what was on the disk", () => {
  const cases: [right: number, hadContent: boolean, line: string][] = [
    [0, false, "nothing on the disk yet; fetching it"],
    [
      0,
      true,
      "a file of that name is there, but no piece of it is right; it will be replaced",
    ],
    [1, true, "1 of 400 pieces on the disk are right; fetching the rest"],
    [399, true, "399 of 400 pieces on the disk are right; fetching the rest"],
    [400, true, "verified and complete; seeding"],
  ];
  for (const [verifiedPieceCount, hadContent, line] of cases) {
    const findings = {
      torrent: TORRENT,
      snapshot: snapshot({ verifiedPieceCount }),
      hadContent,
    };
    assertEquals(describeFindings(findings), line);
  }
  const folder = {
    torrent: { ...TORRENT, isFolder: true },
    snapshot: snapshot({ verifiedPieceCount: 0 }),
    hadContent: true,
  };
  assertMatch(describeFindings(folder), /^files of those names are there, /);
});

Deno.test("statusToJson() tells state, progress, rates and peers", () => {
  const status = statusToJson(
    TORRENT,
    snapshot({
      wastedBytes: 16_384,
      uploadBytesPerSecond: 99.5,
      peers: [
        peer({ isSeeder: true, pieceCount: 400, downloadBytesPerSecond: 0.4 }),
        peer({ address: ADDRESS }),
      ],
    }),
  );
  assertEquals(status, {
    type: "status",
    infoHash: "ab".repeat(20),
    name: "film.mkv",
    state: "downloading",
    progress: 0.5,
    length: 100 * MIB,
    verified: 50 * MIB,
    pieces: 200,
    pieceCount: 400,
    downloaded: 50 * MIB,
    wasted: 16_384,
    uploaded: 0,
    downloadRate: 10 * MIB,
    uploadRate: 100,
    eta: 5,
    peers: [
      {
        address: "192.168.1.7:6881",
        seeder: true,
        pieces: 400,
        downloadRate: 0,
        uploadRate: 0,
      },
      {
        address: "[fe80::7]:6881",
        seeder: false,
        pieces: 0,
        downloadRate: 0,
        uploadRate: 0,
      },
    ],
    seeders: 1,
  });
});

Deno.test("statusToJson() holds only numbers that JSON knows", () => {
  const empty = snapshot({
    state: "seeding",
    length: 0,
    verifiedLength: 0,
    downloadBytesPerSecond: 0,
    peers: [],
  });
  const { progress, eta } = statusToJson(TORRENT, empty);
  assertEquals([progress, eta], [1, null]);
});

Deno.test("a status with a hostile name is one line of JSON that says the same", () => {
  for (const name of ["\x1b[2J\n\u2028", "\u202egnp.exe", "\ud800", '"\\']) {
    const status = statusToJson({ ...TORRENT, name }, snapshot());
    const line = printableJson(status);
    assertEquals(/[\p{Cc}\p{Zl}\p{Bidi_Control}]/u.test(line), false);
    assertEquals(JSON.parse(line).name, name);
  }
});
