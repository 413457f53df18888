import { assertEquals } from "@std/assert";
import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  carryTorrent,
  createTorrent,
  startDiscoveringPeer,
  waitUntilCompleted,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { executableTest } from "./executable_test_case.ts";

const NAME = "sample.bin";

executableTest(
  "executables of an unprivileged user find each other without a tracker",
  async (executables) => {
    await using lan = await createLan(["seeder", "leecher"]);
    const [seeder, leecher] = await Promise.all(
      (["seeder", "leecher"] as const).map((name) =>
        bareHost(lan.host(name), {
          ...{ executables, user: NOBODY },
          programs: ["peer"],
        })
      ),
    );
    await writeRandomFile(seeder!.path(NAME), 1_000_000);
    const nobody = "http://10.77.0.77:8000/announce";
    const torrent = await createTorrent(seeder!, NAME, nobody);
    await carryTorrent(torrent, leecher!);
    startDiscoveringPeer(seeder!);
    await waitUntilCompleted(startDiscoveringPeer(leecher!));
    assertEquals(
      await sha256Of(leecher!.path(NAME)),
      await sha256Of(seeder!.path(NAME)),
    );
  },
);
