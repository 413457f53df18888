import { assertEquals } from "@std/assert";
import { createPeerId } from "../../../../lib/base/identifier.ts";
import { seededRandom } from "../../../../lib/base/random.ts";
import { clientName } from "../../../../lib/tracker/page/host.ts";
import { fuzz, FUZZ_SEED } from "../../fuzz.ts";
import { bytes, peerId } from "../../announce/samples.ts";
import { peerIdFromBytes } from "../../../../lib/base/identifier.ts";

Deno.test("clientName() reads the Azureus style", () => {
  const ids = {
    "-qB4520-": "qBittorrent 4.5.2",
    "-lt0D80-": "rTorrent 0.13.8",
    "-LT20B0-": "libtorrent 2.0.11",
    "-TR3000-": "Transmission 3.00",
    "-TR400Z-": "Transmission 4.0.0.35",
    "-UT3560-": "µTorrent 3.5.6",
    "-DE2110-": "Deluge 2.1.1",
    "-ZZ1000-": "ZZ 1.0",
  };
  assertEquals(
    Object.keys(ids).map((id) => clientName(peerId(id))),
    Object.values(ids),
  );
});

Deno.test("clientName() knows lanswarm", () => {
  assertEquals(clientName(createPeerId(seededRandom(1))), "lanswarm");
});

Deno.test("clientName() reads versions between dashes", () => {
  assertEquals(clientName(peerId("A2-1-36-0-")), "aria2 1.36.0");
  assertEquals(clientName(peerId("M7-9-2--")), "BitTorrent 7.9.2");
});

Deno.test("clientName() does not know other styles", () => {
  for (const id of ["", "-<b>1000-", "-__000-", "-qB45", "\0\0\0\0", "M-"]) {
    assertEquals(clientName(peerId(id)), "unknown", id);
  }
  assertEquals(clientName(peerId("-to1234-")), "to 1.2.3.4");
});

Deno.test(`clientName() returns plain words for any id (seed ${FUZZ_SEED})`, async () => {
  await fuzz({
    examples: ["-qB4520-abcdefghijkl", "A2-1-36-0-abcdefghij"].map(bytes),
    decode: (input) => {
      const id = new Uint8Array(20);
      id.set(input.subarray(0, 20));
      const name = clientName(peerIdFromBytes(id));
      assertEquals(/^[\w. /µ]+$/.test(name), true, name);
      return name;
    },
  });
});
