import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  encodeExtendedHandshake,
  type ExtendedHandshake,
  parseExtendedHandshake,
} from "../../../lib/wire/extended_handshake.ts";
import { MAX_PAYLOAD_LENGTH } from "../../../lib/wire/extended_payload.ts";
import { latin1 } from "../bencode/bytes.ts";
import { BEP_10_EXAMPLE, LIBTORRENT_HANDSHAKE } from "./payloads.ts";

/** A handshake without any field. */
const SILENCE: ExtendedHandshake = {
  peerExchangeId: undefined,
  metadataId: undefined,
  metadataLength: undefined,
  client: undefined,
  port: undefined,
  yourHostname: undefined,
  requestLength: undefined,
  requestQueueLength: undefined,
  isUploadOnly: undefined,
  isComplete: undefined,
};

const FULL: ExtendedHandshake = {
  peerExchangeId: 1,
  metadataId: 2,
  metadataLength: 31_235,
  client: "lanswarm/0.1.0",
  port: 6881,
  yourHostname: "192.0.2.7",
  requestLength: 262_144,
  requestQueueLength: 2000,
  isUploadOnly: true,
  isComplete: true,
};

function parse(text: string): ExtendedHandshake {
  return parseExtendedHandshake(latin1(text));
}

Deno.test("encodeExtendedHandshake() writes every field, keys in order", () => {
  assertEquals(
    encodeExtendedHandshake(FULL),
    latin1(
      "d" +
        "11:ls_completei1e" +
        "10:ls_requesti262144e" +
        "1:md11:ut_metadatai2e6:ut_pexi1ee" +
        "13:metadata_sizei31235e" +
        "1:pi6881e" +
        "4:reqqi2000e" +
        "11:upload_onlyi1e" +
        "1:v14:lanswarm/0.1.0" +
        "6:yourip4:\xc0\x00\x02\x07" +
        "e",
    ),
  );
});

Deno.test("encodeExtendedHandshake() omits undefined fields, and hostnames that are not an IP address", () => {
  assertEquals(encodeExtendedHandshake(SILENCE), latin1("d1:mdee"));
  const nameless = { ...SILENCE, yourHostname: "localhost" };
  assertEquals(encodeExtendedHandshake(nameless), latin1("d1:mdee"));
});

Deno.test("encodeExtendedHandshake() announces that extensions are switched off", () => {
  const off: ExtendedHandshake = {
    ...SILENCE,
    peerExchangeId: 0,
    isUploadOnly: false,
  };
  assertEquals(
    encodeExtendedHandshake(off),
    latin1("d1:md6:ut_pexi0ee11:upload_onlyi0ee"),
  );
});

Deno.test("parseExtendedHandshake() reads what encodeExtendedHandshake() writes", () => {
  for (const yourHostname of ["192.0.2.7", "2001:db8::7", undefined]) {
    for (const handshake of [FULL, SILENCE]) {
      const said = { ...handshake, yourHostname };
      assertEquals(parseExtendedHandshake(encodeExtendedHandshake(said)), said);
    }
  }
});

Deno.test("parseExtendedHandshake() reads the known keys of libtorrent's", () => {
  assertEquals(parseExtendedHandshake(LIBTORRENT_HANDSHAKE), {
    ...FULL,
    metadataLength: 347,
    client: "libtorrent/2.0.8.0",
    requestLength: undefined,
    isComplete: undefined,
  });
});

Deno.test("parseExtendedHandshake() reads the example of BEP 10", () => {
  assertEquals(parseExtendedHandshake(BEP_10_EXAMPLE), {
    ...SILENCE,
    port: 6881,
    client: "µTorrent 1.2",
  });
});

Deno.test("parseExtendedHandshake() ignores invalid values", () => {
  const texts = [
    "de",
    "d1:mi5ee",
    "d1:mlee",
    "d1:md6:ut_pexi-1eee",
    "d1:md6:ut_pexi256eee",
    "d1:md6:ut_pex1:1ee",
    "d1:md11:ut_metadatai256eee",
    "d13:metadata_sizei0ee",
    "d13:metadata_sizei-1ee",
    "d13:metadata_sizei33554433ee", // more than 32 MiB
    "d13:metadata_size3:347e",
    "d1:pi0ee",
    "d1:pi65536ee",
    "d1:p4:6881e",
    "d4:reqqi0ee",
    "d4:reqqi-5ee",
    "d4:reqqi99999999999999999999ee",
    "d4:reqq2:50e",
    "d11:upload_only1:1e",
    "d11:ls_completelee",
    "d10:ls_requesti0ee",
    "d10:ls_requesti-1ee",
    "d10:ls_request6:262144e",
    "d1:vi1ee",
    "d6:yourip3:abce",
    "d6:youripi1ee",
  ];
  for (const text of texts) assertEquals(parse(text), SILENCE, text);
});

Deno.test("parseExtendedHandshake() makes the client name safe for a terminal", () => {
  assertEquals(parse("d1:v7:a\x1b[2J\n\xffe").client, "a [2J \ufffd");
  assertEquals(parse(`d1:v100:${"x".repeat(100)}e`).client, "x".repeat(64));
});

Deno.test("parseExtendedHandshake() refuses a payload that is not a dictionary", () => {
  for (const text of ["", "i1e", "le", "2:de", "d", "de ", "d1:v5:abce"]) {
    assertThrows(() => parse(text), ProtocolError, "Cannot read extended");
  }
});

Deno.test("parseExtendedHandshake() refuses every truncation of a handshake", () => {
  for (let length = 0; length < LIBTORRENT_HANDSHAKE.length; length++) {
    const cut = LIBTORRENT_HANDSHAKE.subarray(0, length);
    assertThrows(() => parseExtendedHandshake(cut), ProtocolError);
  }
});

Deno.test("parseExtendedHandshake() refuses what exceeds its limits", () => {
  const room = MAX_PAYLOAD_LENGTH - "d1:x16000:e".length;
  const largest = `d1:x${room}:${"x".repeat(room)}e`;
  assertEquals(largest.length, MAX_PAYLOAD_LENGTH);
  assertEquals(parse(largest), SILENCE);
  const cases: [text: string, message: string][] = [
    [`d1:x${room + 1}:${"x".repeat(room + 1)}e`, "exceed the limit of 16384"],
    [`d1:x${"l".repeat(8)}${"e".repeat(8)}e`, "nesting deeper than 8"],
    [`d1:xl${"0:".repeat(2000)}ee`, "more than 1024 items"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parse(text), ProtocolError, message);
  }
});
