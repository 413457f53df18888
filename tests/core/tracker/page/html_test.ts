import { assertEquals } from "@std/assert";
import { Html, markup, shownText } from "../../../../lib/tracker/page/html.ts";

Deno.test("markup escapes values in text and in attributes", () => {
  const name = `<img src=x onerror="alert('1')">&amp;`;
  assertEquals(
    markup`<b title="${name}">${name}</b>`.text,
    '<b title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;">' +
      "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;</b>",
  );
});

Deno.test("markup writes markup, numbers, lists and nothing as they are", () => {
  const cells = ["a", "<"].map((text) => markup`<td>${text}</td>`);
  assertEquals(
    markup`<tr>${cells}${undefined}${1.5}${new Html("<hr>")}</tr>`.text,
    "<tr><td>a</td><td>&lt;</td>1.5<hr></tr>",
  );
});

Deno.test("markup removes the line breaks of the source and keeps those of values", () => {
  assertEquals(
    markup`<p>
      ${"two\n  lines"}
      </p>`.text,
    "<p>two\n  lines</p>",
  );
});

Deno.test("shownText() replaces characters that hide or reverse text, and cuts long texts", () => {
  assertEquals(
    shownText("a\u202egpj.exe\0\n\u2028\ud800"),
    "a\ufffdgpj.exe\ufffd\ufffd\ufffd\ufffd",
  );
  assertEquals(shownText("x".repeat(64)), "x".repeat(64));
  assertEquals(shownText("x".repeat(65)), `${"x".repeat(63)}…`);
  assertEquals(shownText("\u{1F427}".repeat(65)), `${"\u{1F427}".repeat(63)}…`);
  assertEquals(shownText("Übung 日本 🙂"), "Übung 日本 🙂");
});
