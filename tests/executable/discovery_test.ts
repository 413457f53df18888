import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startDiscoveringPeer } from "../../scripts/lan/sharing_steps.ts";
import {
  assertCopied,
  carryTorrent,
  shareSample,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { executableTest } from "./executable_test_case.ts";

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
    await carryTorrent(await shareSample(seeder!), leecher!);
    startDiscoveringPeer(seeder!);
    await waitUntilCompleted(startDiscoveringPeer(leecher!));
    await assertCopied(seeder!, leecher!);
  },
);
