/**
 * The client's half of a UDP request, in virtual time.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import {
  type UdpConnection,
  UdpDialogue,
} from "../../../lib/announce/udp_dialogue.ts";
import {
  encodeUdpScrape,
  readUdpRequestHead,
} from "../../../lib/announce/udp_request.ts";
import {
  encodeUdpConnected,
  encodeUdpError,
  encodeUdpScraped,
  parseUdpScraped,
} from "../../../lib/announce/udp_response.ts";
import { infoHash } from "./samples.ts";

const TRACKER = { hostname: "192.0.2.1", port: 8000 };
const TRACKER6 = { hostname: "2001:db8::1", port: 8000 };
const ASKED = [infoHash("a")];
const COUNTS = { complete: 1, incomplete: 2, downloaded: 3 };
const ENTRIES = [{ infoHash: infoHash("a"), ...COUNTS }];

const ANSWERED = { answer: ENTRIES };

type Dialogue = UdpDialogue<typeof ENTRIES>;

/** A scrape, with transaction ids 1, 2, 3, … */
function dialogue(
  connection?: UdpConnection,
  addresses: readonly PeerAddress[] = [TRACKER],
): Dialogue {
  let lastId = 0;
  return new UdpDialogue({
    request: {
      encode: (ids) => encodeUdpScrape(ASKED, ids),
      parse: (datagram) => parseUdpScraped(datagram, ASKED),
    },
    addresses,
    connection,
    createTransactionId: () => ++lastId,
  });
}

/** A step as text: `connect 1 to …` is the action and the transaction id of a datagram. */
function step(asking: Dialogue, nowMs: number): string {
  const next = asking.next(nowMs);
  switch (next.type) {
    case "wait":
      return `wait until ${next.untilMs}`;
    case "giveUp":
      return "give up";
    case "send": {
      const head = readUdpRequestHead(next.datagram)!;
      const action = ["connect", "announce", "scrape"][head.action];
      const to = next.to.map(({ hostname }) => hostname).join(" and ");
      return `${action} ${head.transactionId} to ${to}`;
    }
    default:
      return next satisfies never;
  }
}

/** The steps that follow if nothing ever arrives, each with its time. */
function silentSteps(asking: Dialogue, nowMs = 0): string[] {
  const steps: string[] = [];
  while (true) {
    const next = step(asking, nowMs);
    const wait = /^wait until (.*)/.exec(next);
    if (wait !== null) {
      nowMs = Number(wait[1]);
      continue;
    }
    steps.push(`${nowMs} ${next}`);
    if (next === "give up") return steps;
  }
}

/** The tracker's answer to a connect request. */
function connect(
  asking: Dialogue,
  transactionId: number,
  nowMs = 0,
): { readonly answer: typeof ENTRIES } | undefined {
  return asking.receive(encodeUdpConnected(7n, transactionId), TRACKER, nowMs);
}

function scraped(transactionId: number): Uint8Array {
  return encodeUdpScraped([COUNTS], transactionId);
}

Deno.test("UdpDialogue connects, sends the request and returns the answer", () => {
  const asking = dialogue();
  assertEquals(step(asking, 0), "connect 1 to 192.0.2.1");
  assertEquals(step(asking, 0), "wait until 1000");
  assertEquals(connect(asking, 1, 5), undefined);
  const sending = asking.next(5);
  assert(sending.type === "send");
  assertEquals(readUdpRequestHead(sending.datagram), {
    connectionId: 7n,
    action: 2,
    transactionId: 2,
  });
  assertEquals(asking.receive(scraped(2), TRACKER, 10), {
    answer: ENTRIES,
  });
  assertEquals(asking.connection, {
    address: TRACKER,
    id: 7n,
    receivedAtMs: 5,
  });
});

Deno.test("UdpDialogue repeats a connect request after 1, 2 and 4 seconds of silence, and gives up", () => {
  assertEquals(silentSteps(dialogue()), [
    "0 connect 1 to 192.0.2.1",
    "1000 connect 1 to 192.0.2.1",
    "3000 connect 1 to 192.0.2.1",
    "7000 give up",
  ]);
});

Deno.test("UdpDialogue repeats the request in the same way once it is connected", () => {
  const asking = dialogue();
  step(asking, 0);
  step(asking, 1000);
  connect(asking, 1, 1500);
  assertEquals(silentSteps(asking, 1500), [
    "1500 scrape 2 to 192.0.2.1",
    "2500 scrape 2 to 192.0.2.1",
    "4500 scrape 2 to 192.0.2.1",
    "8500 give up",
  ]);
});

Deno.test("UdpDialogue uses an older connection, and connects again if that is not answered", () => {
  const connection = { address: TRACKER, id: 9n, receivedAtMs: -59_000 };
  const asking = dialogue(connection);
  assertEquals(step(asking, 0), "scrape 1 to 192.0.2.1");
  assertEquals(asking.receive(scraped(1), TRACKER, 1), ANSWERED);
  assertEquals(asking.connection, connection);

  assertEquals(silentSteps(dialogue(connection)), [
    "0 scrape 1 to 192.0.2.1",
    "1000 connect 2 to 192.0.2.1",
    "2000 connect 2 to 192.0.2.1",
    "4000 connect 2 to 192.0.2.1",
    "8000 give up",
  ]);
});

Deno.test("UdpDialogue does not use a connection older than a minute", () => {
  const connection = { address: TRACKER, id: 9n, receivedAtMs: 0 };
  assertEquals(step(dialogue(connection), 59_999), "scrape 1 to 192.0.2.1");
  assertEquals(step(dialogue(connection), 60_000), "connect 2 to 192.0.2.1");
});

Deno.test("UdpDialogue connects again, once, where a tracker refuses an older connection", () => {
  const asking = dialogue({ address: TRACKER, id: 9n, receivedAtMs: 0 });
  step(asking, 0);
  const refusal = encodeUdpError("Connection ID missmatch.\0", 1);
  assertEquals(asking.receive(refusal, TRACKER, 1), undefined);
  assertEquals(step(asking, 1), "connect 2 to 192.0.2.1");
  connect(asking, 2, 2);
  assertEquals(step(asking, 2), "scrape 3 to 192.0.2.1");
  assertThrows(
    () => asking.receive(encodeUdpError("not listed", 3), TRACKER, 3),
    TrackerError,
    "the tracker refused: not listed",
  );
});

Deno.test("UdpDialogue ignores datagrams from other addresses and with other transaction ids", () => {
  const asking = dialogue();
  step(asking, 0);
  const answer = encodeUdpConnected(7n, 1);
  const strangers: [Uint8Array, PeerAddress][] = [
    [answer, { hostname: "192.0.2.2", port: 8000 }],
    [answer, { hostname: "192.0.2.1", port: 8001 }],
    [answer, TRACKER6],
    [encodeUdpConnected(7n, 2), TRACKER],
    [encodeUdpError("no", 2), TRACKER],
    ...Array.from(
      { length: 8 },
      (_, length): [Uint8Array, PeerAddress] => [
        answer.subarray(0, length),
        TRACKER,
      ],
    ),
  ];
  for (const [datagram, source] of strangers) {
    assertEquals(asking.receive(datagram, source, 1), undefined);
    assertEquals(step(asking, 1), "wait until 1000");
  }
  connect(asking, 1, 1);
  step(asking, 1);
  const forged = { hostname: "192.0.2.1", port: 9 };
  assertEquals(asking.receive(scraped(2), forged, 2), undefined);
  // The connect response once more, as after a repeated request.
  assertEquals(connect(asking, 1, 2), undefined);
  assertEquals(asking.receive(scraped(2), TRACKER, 3), ANSWERED);
});

Deno.test("UdpDialogue recognizes a tracker by its IPv4-mapped address", () => {
  const asking = dialogue();
  step(asking, 0);
  const mapped = { hostname: "::ffff:192.0.2.1", port: 8000 };
  asking.receive(encodeUdpConnected(7n, 1), mapped, 1);
  assertEquals(step(asking, 1), "scrape 2 to 192.0.2.1");
});

Deno.test("UdpDialogue connects to all addresses of a tracker and uses the first that answers", () => {
  const asking = dialogue(undefined, [TRACKER, TRACKER6]);
  assertEquals(step(asking, 0), "connect 1 to 192.0.2.1 and 2001:db8::1");
  asking.receive(encodeUdpConnected(7n, 1), TRACKER6, 1);
  assertEquals(step(asking, 1), "scrape 2 to 2001:db8::1");
  assertEquals(asking.receive(scraped(2), TRACKER, 2), undefined);
  assertEquals(asking.receive(scraped(2), TRACKER6, 2), ANSWERED);
});

Deno.test("UdpDialogue throws on a refusal and on another response", () => {
  const asking = dialogue();
  step(asking, 0);
  assertThrows(
    () => asking.receive(encodeUdpError("no", 1), TRACKER, 1),
    TrackerError,
    "the tracker refused: no",
  );
  assertThrows(
    () => asking.receive(scraped(1), TRACKER, 1),
    TrackerError,
    "the answer has action 2 instead of 0 (connect)",
  );
});
