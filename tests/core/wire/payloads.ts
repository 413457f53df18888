/**
 * Payloads of the extension protocol as peers send them. [BEP 10, 11]
 */
import { latin1 } from "../bencode/bytes.ts";

/** A handshake of libtorrent, with keys that we ignore. */
export const LIBTORRENT_HANDSHAKE = latin1(
  "d" +
    "12:complete_agoi7e" +
    "1:md" +
    "11:lt_donthavei7e" +
    "10:share_modei8e" +
    "11:upload_onlyi3e" +
    "12:ut_holepunchi4e" +
    "11:ut_metadatai2e" +
    "6:ut_pexi1ee" +
    "13:metadata_sizei347e" +
    "1:pi6881e" +
    "4:reqqi2000e" +
    "11:upload_onlyi1e" +
    "1:v18:libtorrent/2.0.8.0" +
    "6:yourip4:\xc0\x00\x02\x07" + // 192.0.2.7
    "e",
);

/** The example of BEP 10; clients use another name for peer exchange. */
export const BEP_10_EXAMPLE = latin1(
  "d1:md11:LT_metadatai1e7:\xc2\xb5T_PEXi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e",
);

/** Handshakes of other clients, as captured from them. */
export const STOCK_HANDSHAKES = {
  libtorrent: LIBTORRENT_HANDSHAKE,
  aria2: latin1(
    "d1:md11:ut_metadatai9ee13:metadata_sizei1054e1:pi6899e1:v12:aria2/1.36.0e",
  ),
  transmission: latin1(
    "d1:ei1e1:md11:ut_metadatai3ee13:metadata_sizei1054e1:pi51413e4:reqqi512e" +
      "11:upload_onlyi1e1:v17:Transmission 3.00e",
  ),
  rtorrent: latin1(
    "d1:ei0e1:md11:ut_metadatai2e6:ut_pexi0ee13:metadata_sizei35889e1:pi6887e" +
      "4:reqqi2048e1:v17:libTorrent 0.13.8e",
  ),
};

/** Handshakes to mutate. */
export const HANDSHAKE_PAYLOADS = [
  LIBTORRENT_HANDSHAKE,
  BEP_10_EXAMPLE,
  latin1("de"),
];

/** Two peers of IPv4 and one of IPv6 added, one of each dropped. */
export const EXCHANGE_PAYLOAD = latin1(
  "d" +
    "5:added12:" +
    "\xc0\x00\x02\x01\x1a\xe1" + // 192.0.2.1:6881
    "\x0a\x00\x00\xff\xff\xff" + // 10.0.0.255:65535
    "7:added.f2:" +
    "\x12" + // a seeder, reachable
    "\x00" +
    "6:added618:" +
    "\x20\x01\x0d\xb8" + "\0".repeat(11) + "\x01\x1a\xe2" + // [2001:db8::1]:6882
    "8:added6.f1:\x10" + // reachable
    "7:dropped6:" +
    "\xc0\x00\x02\x02\x1a\xe1" + // 192.0.2.2:6881
    "8:dropped618:" +
    "\x20\x01\x0d\xb8" + "\0".repeat(11) + "\x02\x1a\xe1" + // [2001:db8::2]:6881
    "e",
);

/** A large handshake of the deepest nesting allowed, with keys that we ignore. */
export const LARGE_HANDSHAKE = latin1(
  "d" +
    "1:a" + "d1:b".repeat(6) + "le" + "e".repeat(6) +
    Array.from({ length: 60 }, (_, at) => `4:k${at + 100}i${at}e`).join("") +
    "1:md" +
    Array.from({ length: 20 }, (_, at) => `4:n${at + 100}i${at}e`).join("") +
    "6:ut_pexi1ee" +
    "1:v300:" + "v".repeat(300) +
    "e",
);

/** A hundred peers, twice the limit. */
export const CROWDED_EXCHANGE_PAYLOAD = latin1(
  `d5:added600:${"\xc0\x00\x02\x01\x1a\xe1".repeat(100)}` +
    `7:added.f100:${"\x10".repeat(100)}e`,
);
