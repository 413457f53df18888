import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { TORRENT_DECODER } from "./decoder.ts";

Deno.test(`${TORRENT_DECODER.name} (seed ${FUZZ_SEED})`, async () => {
  await fuzz(TORRENT_DECODER);
});
