import { assert, assertEquals } from "@std/assert";
import type { RenderedView } from "../../../../lib/tracker/page/document.ts";
import {
  EventHub,
  type EventStream,
  MAX_STREAMS,
  MAX_STREAMS_OF_ADDRESS,
} from "../../../../lib/tracker/page/event_hub.ts";
import { markup } from "../../../../lib/tracker/page/html.ts";
import {
  type PageView,
  readPageView,
} from "../../../../lib/tracker/page/view.ts";

const VIEW = readPageView("", "http://192.0.2.9:8000")!;
const OTHER_VIEW = readPageView("q=x", "http://192.0.2.9:8000")!;

function viewShowing(
  text: string,
  { version, torrentCount = 1 }: { version: number; torrentCount?: number },
): RenderedView {
  return {
    version,
    torrentCount,
    title: "t",
    before: markup`<table>`,
    rows: [markup`<tr>${text}</tr>`],
    after: markup`</table>`,
  };
}

const noPause = (): Promise<void> => Promise.resolve();

/** A hub whose views show what `text` returns, and the views that it rendered. Versions count from 1. */
function hubOf(
  text: () => string,
  torrentCount = 1,
): { hub: EventHub; views: PageView[] } {
  const views: PageView[] = [];
  const hub = new EventHub((view) => {
    const version = views.push(view);
    return viewShowing(text(), { version, torrentCount });
  }, noPause);
  return { hub, views };
}

async function read(stream: EventStream): Promise<string | undefined> {
  const { value } = await stream.next();
  return value && new TextDecoder().decode(value);
}

/** The version in the next event. */
async function readVersion(stream: EventStream): Promise<number> {
  const [, version] = /^event: changed\ndata: (\d+)\n\n$/.exec(
    await read(stream) ?? "",
  )!;
  return Number(version);
}

Deno.test("EventHub sends the version at first and whenever the view changed", async () => {
  let text = "one";
  const { hub } = hubOf(() => text);
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  assertEquals(await read(stream), "retry: 3000\n\n");
  const first = readVersion(stream);
  await hub.sample(0);
  assertEquals(await first, 1);
  const second = readVersion(stream);
  await hub.sample(1_000);
  text = "two";
  await hub.sample(2_000);
  assertEquals(await second, 3);
});

Deno.test("EventHub sends a slow reader the newest version alone", async () => {
  let count = 0;
  const { hub } = hubOf(() => `${++count}`);
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  for (let second = 0; second < 3; second++) await hub.sample(second * 1_000);
  assertEquals(await readVersion(stream), 3);
});

Deno.test("EventHub renders each view once for all who watch it, and none for nobody", async () => {
  const { hub, views } = hubOf(() => "same");
  await hub.sample(0);
  assertEquals(views, []);
  const streams = ["192.0.2.1", "192.0.2.2"].map((hostname) =>
    hub.listen(VIEW, hostname)!
  );
  streams.push(hub.listen(OTHER_VIEW, "192.0.2.1")!);
  for (const stream of streams) await read(stream);
  await hub.sample(1_000);
  assertEquals(views, [VIEW, OTHER_VIEW]);
  assertEquals(await Promise.all(streams.map(readVersion)), [1, 1, 2]);
  for (const stream of streams) await stream.return!();
  await hub.sample(2_000);
  assertEquals(views.length, 2);
});

Deno.test("EventHub forgets a view that is closed while others are rendered", async () => {
  const views: PageView[] = [];
  const hub = new EventHub((view) => {
    views.push(view);
    return viewShowing("same", { version: 1 });
  }, async () => {
    await second.return!();
  });
  const first = hub.listen(VIEW, "192.0.2.1")!;
  const second = hub.listen(OTHER_VIEW, "192.0.2.1")!;
  for (const stream of [first, second]) await read(stream);
  await hub.sample(0);
  await hub.sample(1_000);
  assertEquals(views, [VIEW, VIEW]);
});

Deno.test("EventHub limits the torrents of a sample, and goes on from there at the next", async () => {
  const { hub, views: rendered } = hubOf(() => "same", 9_500);
  const views = ["a", "b", "c"].map((search) =>
    readPageView(`q=${search}`, "http://192.0.2.9:8000")!
  );
  for (const view of views) await read(hub.listen(view, "192.0.2.1")!);
  const searches = (): string => rendered.map(({ search }) => search).join("");
  await hub.sample(0);
  assertEquals(searches(), "ab");
  await hub.sample(1_000);
  assertEquals(searches(), "abca");
});

Deno.test("EventHub keeps a silent stream alive", async () => {
  const { hub } = hubOf(() => "same");
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  await hub.sample(0);
  await readVersion(stream);
  const next = read(stream);
  await hub.sample(14_999);
  await hub.sample(15_000);
  assertEquals(await next, ": still here\n\n");
});

/** True if a stream opens at its first read. */
async function begins(stream: EventStream | undefined): Promise<boolean> {
  return stream !== undefined && await read(stream) !== undefined;
}

Deno.test("EventHub limits the number of streams, of all and of one address", async () => {
  const { hub } = hubOf(() => "same");
  const listen = (host: number): EventStream | undefined =>
    hub.listen(VIEW, `192.0.2.${host}`);
  const own = Array.from({ length: MAX_STREAMS_OF_ADDRESS }, () => listen(1));
  const late = listen(1);
  for (const stream of own) assert(await begins(stream));
  assertEquals(listen(1), undefined);
  assertEquals(late, undefined);
  await own[0]!.return!();
  assert(await begins(listen(1)));
  for (let host = 2; hub.streamCount < MAX_STREAMS; host++) {
    assert(await begins(listen(host)));
  }
  // Of the address with most streams, down to one for each.
  for (let host = 201; host < 220; host++) assert(await begins(listen(host)));
  assertEquals(hub.streamCount, MAX_STREAMS);
  assertEquals(listen(250), undefined);
});

Deno.test("EventHub lets no five addresses take all streams", async () => {
  const { hub } = hubOf(() => "same");
  const listen = (host: number): EventStream | undefined =>
    hub.listen(VIEW, `192.0.2.${host}`);
  for (let count = 0; count < MAX_STREAMS; count++) {
    assert(await begins(listen(1 + count % 5)));
  }
  for (let host = 10; host < 60; host++) assert(await begins(listen(host)));
  assert(await begins(listen(10)), "a second one, beside fives of others");
  assertEquals(hub.streamCount, MAX_STREAMS);
});

Deno.test("EventHub frees a stream that ends before its first read", async () => {
  const { hub, views } = hubOf(() => "same");
  for (let count = 0; count < 1_000; count++) {
    await hub.listen(VIEW, "192.0.2.1")!.return!();
  }
  await hub.sample(0);
  assertEquals([hub.streamCount, views.length], [0, 0]);
});

Deno.test("EventHub ends a stream once when its reader has gone", async () => {
  const { hub } = hubOf(() => "same");
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  const waiting = stream.next();
  await stream.return!();
  await stream.return!();
  assertEquals((await waiting).done, true);
  assertEquals((await stream.next()).done, true);
  assertEquals(hub.streamCount, 0);
});

Deno.test("EventHub ends every stream when it closes", async () => {
  const { hub } = hubOf(() => "same");
  const streams = [VIEW, VIEW, OTHER_VIEW].map((view) =>
    hub.listen(view, "192.0.2.1")!
  );
  const ends = streams.map(async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks.length;
  });
  await Promise.resolve();
  hub.close();
  assertEquals(await Promise.all(ends), [1, 1, 1]);
  assertEquals(hub.streamCount, 0);
});

Deno.test("EventHub begins no sample during another, and goes on after a failure", async () => {
  const pause = Promise.withResolvers<void>();
  let renderCount = 0;
  const hub = new EventHub(() => {
    renderCount++;
    if (renderCount === 2) throw new Error("the store is gone");
    return viewShowing(`${renderCount}`, { version: renderCount });
  }, () => pause.promise);
  const stream = hub.listen(VIEW, "192.0.2.1")!;
  await read(stream);
  const first = hub.sample(0);
  await hub.sample(1_000);
  assertEquals(renderCount, 1);
  pause.resolve();
  await first;
  const failure = await hub.sample(2_000).catch((error: Error) =>
    error.message
  );
  assertEquals(failure, "the store is gone");
  await hub.sample(3_000);
  assertEquals(await readVersion(stream), 3);
});
