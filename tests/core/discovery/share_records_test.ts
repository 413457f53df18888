import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  decodeDnsMessage,
  encodeDnsMessage,
} from "../../../lib/discovery/dns_message.ts";
import {
  instanceName,
  readShare,
  SERVICE,
  shareRecords,
} from "../../../lib/discovery/share_records.ts";
import { SHARE } from "./dns_network.ts";

const ONE = "10.77.0.1";

Deno.test("the names of instances are labels of DNS, whatever the share is called", () => {
  for (
    const name of ["a.b", "é".repeat(64), "", "\u{202e}\n", "😀".repeat(50)]
  ) {
    const instance = instanceName(name, "0123abcd-1");
    assert(instance.endsWith(`-0123abcd-1.${SERVICE}`));
    const label = instance.slice(0, -SERVICE.length - 1);
    assert(!label.includes("."), label);
    assertLessOrEqual(new TextEncoder().encode(label).length, 63);
    const records = shareRecords({ ...SHARE, name }, {
      ...{ instance, host: "host.local" },
    });
    const { answers } = decodeDnsMessage(
      encodeDnsMessage({ isResponse: true, answers: records }),
    )!;
    assertEquals(answers[1]!.data, instance.toLowerCase());
  }
});

Deno.test("readShare() cleans names and leaves out what makes no sense", () => {
  const base = {
    port: 8000,
    target: "host.local",
    addresses: [ONE],
  };
  const texts = ["v=1", "id=a1", "n=x", "sz=5", "p=/a.torrent", "h=pc"];
  const share = readShare({ ...base, texts })!;
  assertEquals(share, {
    ...{ id: "a1", name: "x", sizeBytes: 5, path: "/a.torrent", port: 8000 },
    ...{ addresses: [ONE], hostName: "pc" },
  });
  const replaced = (key: string, value: string): string[] =>
    texts.map((text) => text.startsWith(`${key}=`) ? `${key}=${value}` : text);
  const named = (name: string): string =>
    readShare({ ...base, texts: replaced("n", name) })!.name;
  assertEquals(named("\x1b[2J\x07red\u{202e}"), "[2Jred");
  assertEquals([...named("😀".repeat(100))].length, 64);
  assertEquals(named("\x1b"), "a1");
  const refused: [key: string, value: string][] = [
    ...["", "../x", "a".repeat(65), "a b", "é"].map((id) =>
      ["id", id] as [string, string]
    ),
    ...["", "-1", "1e3", "99999999999999999"].map((size) =>
      ["sz", size] as [string, string]
    ),
    ...["", "a", "//evil/x", "/a b", `/${"a".repeat(200)}`, "/\x1b"].map((
      path,
    ) => ["p", path] as [string, string]),
    ["v", "2"],
  ];
  for (const [key, value] of refused) {
    assertEquals(
      readShare({ ...base, texts: replaced(key, value) }),
      undefined,
      `${key}=${value}`,
    );
  }
  assertEquals(readShare({ ...base, texts, port: 0 }), undefined);
  assertEquals(
    readShare({ ...base, texts, addresses: ["fe80::1"] }),
    undefined,
  );
});
