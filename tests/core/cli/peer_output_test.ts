import { assertEquals, assertMatch } from "@std/assert";
import {
  describeEnd,
  describeNews,
  newsToJson,
  renderStates,
  statesToJson,
  statusToJson,
} from "../../../cli/peer_display.ts";
import { printableJson } from "../../../cli/printable.ts";
import { renderTransfer } from "../../../cli/progress_bar.ts";
import { type SessionEvent, StorageError } from "../../../mod.ts";
import { MIB, peer, room, snapshot, TORRENT } from "./snapshots.ts";

const URL_A = "http://192.168.1.100:8000/announce";
const ADDRESS = { hostname: "fe80::7", port: 6881 };

/** Every kind of event, its line for people and its JSON for programs. */
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
    "piece 7 is corrupt; downloading it again",
    { type: "pieceCorrupt", index: 7 },
  ],
  [
    { type: "peerBanned", hostname: "10.0.0.9", index: 7 },
    "10.0.0.9 sent corrupt data for piece 7; it is banned",
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
    `cannot announce to ${URL_A}: Connection refused; trying again, the transfer goes on without it`,
    {
      type: "announceFailed",
      url: URL_A,
      reason: `Cannot announce to ${URL_A}: Connection refused`,
      retryInMs: 5000,
    },
  ],
  [
    { type: "trackerWarning", url: URL_A, text: "upgrade" },
    `warning from tracker ${URL_A}: upgrade`,
    { type: "trackerWarning", url: URL_A, text: "upgrade" },
  ],
  [
    { type: "sourceMissing" },
    "no peer with the missing pieces is known yet; asking the trackers of all tiers",
    { type: "sourceMissing" },
  ],
];

for (const [event, line, json] of EVENTS) {
  Deno.test(`describeNews() describes ${event.type}: ${line}`, () => {
    assertEquals(describeNews(TORRENT, event), line);
  });

  Deno.test(`newsToJson() makes plain data of ${event.type}`, () => {
    const value = newsToJson(TORRENT, event);
    assertEquals(JSON.parse(JSON.stringify(value)), {
      infoHash: TORRENT.infoHash,
      name: "film.mkv",
      ...json,
    });
  });
}

Deno.test("describeNews() does not expect an answer to the last announce", () => {
  const event = {
    type: "announceFailed",
    url: URL_A,
    reason: "Cannot announce to it: timed out",
    retryInMs: Infinity,
  } as const;
  assertEquals(
    describeNews(TORRENT, event),
    "cannot announce to it: timed out; the tracker will drop this peer after a while",
  );
});

Deno.test("a verification has its progress in each output", () => {
  const verification = { checkedCount: 151, verifiedCount: 3 };
  const state = { torrent: TORRENT, snapshot: undefined, verification };
  assertEquals(renderStates([state], room(80, 10)), [
    "film.mkv: verifying 37%",
  ]);
  assertEquals(describeEnd(state), "ended while verifying 37%");
  assertEquals(statesToJson([state]), [{
    type: "verifying",
    infoHash: TORRENT.infoHash,
    name: "film.mkv",
    progress: 0.3775,
  }]);
});

Deno.test("renderStates() shows transfers above verifications, in the room that it has", () => {
  const verification = { checkedCount: 400, verifiedCount: 3 };
  const states = [
    { torrent: TORRENT, snapshot: undefined, verification },
    { torrent: TORRENT, snapshot: snapshot(), verification: undefined },
  ];
  assertEquals(renderStates(states, room(40, 3)), [
    ...renderTransfer(snapshot(), room(40)),
    "film.mkv: verifying 100%",
  ]);
  assertEquals(renderStates(states, room(40, 2)), [
    "1 torrent: 1 downloading",
    "film.mkv: verifying 100%",
  ]);
});

Deno.test("describeEnd() says how much is verified and what was transferred", () => {
  const state = {
    torrent: TORRENT,
    snapshot: snapshot(),
    verification: undefined,
  };
  assertEquals(
    describeEnd(state),
    "50 MiB of 100 MiB verified; received 50 MiB, sent 0 B",
  );
  const complete = snapshot({ verifiedLength: 100 * MIB });
  assertEquals(
    describeEnd({ ...state, snapshot: complete }),
    "complete; received 50 MiB, sent 0 B",
  );
});

Deno.test("describeNews() says what was on the disk", () => {
  const cases: [valid: number, hadContent: boolean, line: string][] = [
    [0, false, "nothing on the disk yet; downloading"],
    [
      0,
      true,
      "a file of this name exists, but no piece of it is valid; replacing it",
    ],
    [1, true, "1 of 400 pieces on the disk are valid; downloading the rest"],
    [
      399,
      true,
      "399 of 400 pieces on the disk are valid; downloading the rest",
    ],
    [400, true, "verified and complete; seeding"],
  ];
  for (const [verifiedPieceCount, hadContent, line] of cases) {
    const news = {
      type: "verified",
      snapshot: snapshot({ verifiedPieceCount }),
      hadContent,
    } as const;
    assertEquals(describeNews(TORRENT, news), line);
  }
  const folder = { ...TORRENT, isFolder: true };
  const text = describeNews(folder, {
    type: "verified",
    snapshot: snapshot({ verifiedPieceCount: 0 }),
    hadContent: true,
  });
  assertMatch(text!, /^files of these names exist, /);
});

Deno.test("statusToJson() contains state, progress, rates and peers", () => {
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

Deno.test("statusToJson() contains only numbers that JSON has", () => {
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

Deno.test("a status with a hostile name is one line of the same JSON", () => {
  for (const name of ["\x1b[2J\n\u2028", "\u202egnp.exe", "\ud800", '"\\']) {
    const status = statusToJson({ ...TORRENT, name }, snapshot());
    const line = printableJson(status);
    assertEquals(/[\p{Cc}\p{Zl}\p{Bidi_Control}]/u.test(line), false);
    assertEquals(JSON.parse(line).name, name);
  }
});

Deno.test("describeNews() says which old files were linked, and why others were not", () => {
  const taken = {
    type: "oldFilesTaken",
    ...{ fileCount: 6, begun: [] },
    length: 3 * 2 ** 20,
  } as const;
  const cases = [
    [
      { type: "takingOldFiles" },
      "taking missing files from the older version",
    ],
    [
      { ...taken, mayLink: false, linked: [], copied: {} },
      "6 files of the older version copied (3 MiB)",
    ],
    [
      { ...taken, mayLink: false, linked: [], copied: {}, begun: [7] },
      "6 files of the older version copied (3 MiB); 1 file begun before, kept as found",
    ],
    [
      { ...taken, mayLink: true, linked: [0, 1, 2, 3, 4, 5], copied: {} },
      "6 files of the older version (3 MiB): 6 linked, 0 copied",
    ],
    [
      {
        ...{ ...taken, mayLink: true, linked: [1, 2] },
        copied: { different: 1, exposed: 2, refused: 1 },
      },
      "6 files of the older version (3 MiB): 2 linked, 4 copied (1 with changed pieces, 2 open to changes by others, 1 that the system does not link)",
    ],
  ] as const;
  for (const [news, line] of cases) {
    assertEquals(describeNews(TORRENT, news), line);
  }
});
