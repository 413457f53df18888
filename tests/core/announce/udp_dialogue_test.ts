/**
 * The client's half of a conversation over UDP, in virtual time.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import {
  type UdpConnection,
  UdpDialogue,
  type UdpHeard,
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

type Dialogue = UdpDialogue<typeof ENTRIES>;

/** A scrape, with transaction ids 1, 2, 3, … */
function dialogue(
  connection?: UdpConnection,
  addresses: readonly PeerAddress[] = [TRACKER],
): Dialogue {
  let lastId = 0;
  return new UdpDialogue({
    question: {
      encode: (call) => encodeUdpScrape(ASKED, call),
      parse: (datagram) => parseUdpScraped(datagram, ASKED),
    },
    addresses,
    connection,
    createTransactionId: () => ++lastId,
  });
}

/** `connect 1`: the action and the transaction id of what is sent, or another step. */
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

/** The steps that follow if nothing ever arrives: `at what`. */
function silentSteps(asking: Dialogue, nowMs = 0): string[] {
  const steps: string[] = [];
  while (true) {
    const told = step(asking, nowMs);
    const wait = /^wait until (.*)/.exec(told);
    if (wait !== null) {
      nowMs = Number(wait[1]);
      continue;
    }
    steps.push(`${nowMs} ${told}`);
    if (told === "give up") return steps;
  }
}

/** The tracker's answer to a connect request. */
function connect(
  asking: Dialogue,
  transactionId: number,
  nowMs = 0,
): UdpHeard<typeof ENTRIES> {
  return asking.receive(encodeUdpConnected(7n, transactionId), TRACKER, nowMs);
}

function scraped(transactionId: number): Uint8Array {
  return encodeUdpScraped([COUNTS], transactionId);
}

Deno.test("UdpDialogue connects, asks and hears the answer", () => {
  const asking = dialogue();
  assertEquals(step(asking, 0), "connect 1 to 192.0.2.1");
  assertEquals(step(asking, 0), "wait until 1000");
  assertEquals(connect(asking, 1, 5), { type: "nothing" });
  const question = asking.next(5);
  assert(question.type === "send");
  assertEquals(readUdpRequestHead(question.datagram), {
    connectionId: 7n,
    action: 2,
    transactionId: 2,
  });
  assertEquals(asking.receive(scraped(2), TRACKER, 10), {
    type: "answer",
    answer: ENTRIES,
  });
  assertEquals(asking.connection, {
    address: TRACKER,
    id: 7n,
    receivedAtMs: 5,
  });
});

Deno.test("UdpDialogue repeats a connect request after 1, 2 and 4 seconds' silence, and gives up", () => {
  assertEquals(silentSteps(dialogue()), [
    "0 connect 1 to 192.0.2.1",
    "1000 connect 1 to 192.0.2.1",
    "3000 connect 1 to 192.0.2.1",
    "7000 give up",
  ]);
});

Deno.test("UdpDialogue repeats a question as patiently once it is connected", () => {
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

Deno.test("UdpDialogue asks with a connection of before, and connects again if that is not answered", () => {
  const connection = { address: TRACKER, id: 9n, receivedAtMs: -59_000 };
  const asking = dialogue(connection);
  assertEquals(step(asking, 0), "scrape 1 to 192.0.2.1");
  assertEquals(asking.receive(scraped(1), TRACKER, 1).type, "answer");
  assertEquals(asking.connection, connection);

  assertEquals(silentSteps(dialogue(connection)), [
    "0 scrape 1 to 192.0.2.1",
    "1000 connect 2 to 192.0.2.1",
    "2000 connect 2 to 192.0.2.1",
    "4000 connect 2 to 192.0.2.1",
    "8000 give up",
  ]);
});

Deno.test("UdpDialogue uses no connection that is older than a minute", () => {
  const connection = { address: TRACKER, id: 9n, receivedAtMs: 0 };
  assertEquals(step(dialogue(connection), 59_999), "scrape 1 to 192.0.2.1");
  assertEquals(step(dialogue(connection), 60_000), "connect 2 to 192.0.2.1");
});

Deno.test("UdpDialogue connects again where a tracker refuses a connection of before, once", () => {
  const asking = dialogue({ address: TRACKER, id: 9n, receivedAtMs: 0 });
  step(asking, 0);
  const refusal = encodeUdpError("Connection ID missmatch.\0", 1);
  assertEquals(asking.receive(refusal, TRACKER, 1).type, "nothing");
  assertEquals(step(asking, 1), "connect 2 to 192.0.2.1");
  connect(asking, 2, 2);
  assertEquals(step(asking, 2), "scrape 3 to 192.0.2.1");
  assertThrows(
    () => asking.receive(encodeUdpError("not listed", 3), TRACKER, 3),
    TrackerError,
    "the tracker refused: not listed",
  );
});

Deno.test("UdpDialogue heeds no datagram but the answer, from where it asked", () => {
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
    assertEquals(asking.receive(datagram, source, 1), { type: "nothing" });
    assertEquals(step(asking, 1), "wait until 1000");
  }
  connect(asking, 1, 1);
  step(asking, 1);
  const forged = { hostname: "192.0.2.1", port: 9 };
  assertEquals(asking.receive(scraped(2), forged, 2).type, "nothing");
  // The answer to the connect request once more, as to one that was repeated.
  assertEquals(connect(asking, 1, 2).type, "nothing");
  assertEquals(asking.receive(scraped(2), TRACKER, 3).type, "answer");
});

Deno.test("UdpDialogue knows a tracker by its IPv4-mapped address", () => {
  const asking = dialogue();
  step(asking, 0);
  const mapped = { hostname: "::ffff:192.0.2.1", port: 8000 };
  asking.receive(encodeUdpConnected(7n, 1), mapped, 1);
  assertEquals(step(asking, 1), "scrape 2 to 192.0.2.1");
});

Deno.test("UdpDialogue tries all of a tracker's addresses and asks where the first answer came from", () => {
  const asking = dialogue(undefined, [TRACKER, TRACKER6]);
  assertEquals(step(asking, 0), "connect 1 to 192.0.2.1 and 2001:db8::1");
  asking.receive(encodeUdpConnected(7n, 1), TRACKER6, 1);
  assertEquals(step(asking, 1), "scrape 2 to 2001:db8::1");
  assertEquals(asking.receive(scraped(2), TRACKER, 2).type, "nothing");
  assertEquals(asking.receive(scraped(2), TRACKER6, 2).type, "answer");
});

Deno.test("UdpDialogue fails on an answer that makes no sense, or is a refusal", () => {
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
    "the answer is not to connect but has action 2",
  );
});
