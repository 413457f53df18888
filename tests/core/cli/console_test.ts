import { assertEquals } from "@std/assert";
import { canMoveCursor, Console } from "../../../cli/console.ts";

/** A terminal that understands what a console writes; lines wrap at its width. */
class Screen {
  readonly rows: string[][] = [[]];
  columns = 20;
  #row = 0;
  #column = 0;
  #wraps = false;

  writeSync(bytes: Uint8Array): number {
    const text = new TextDecoder().decode(bytes);
    // Escape sequences, and every other character by itself.
    for (const [token] of text.matchAll(/\p{Cc}\[\d*[A-Z]|[^]/gu)) {
      this.#put(token);
    }
    return bytes.length;
  }

  isTerminal(): boolean {
    return true;
  }

  /** The rows of the screen, from top to bottom, without trailing blanks. */
  get text(): string[] {
    return this.rows.map((row) => row.join("").trimEnd());
  }

  #put(token: string): void {
    if (token === "\r") this.#column = 0;
    else if (token === "\n") {
      this.#row++;
      this.#column = 0;
    } else if (token.endsWith("A")) this.#row -= parseInt(token.slice(2));
    else if (token === "\x1b[J") {
      this.rows.splice(this.#row + 1);
      this.rows[this.#row]!.splice(this.#column);
    } else {
      if (this.#wraps) {
        this.#row++;
        this.#column = 0;
      }
      this.rows[this.#row] ??= [];
      this.rows[this.#row]![this.#column++] = token;
    }
    // A terminal wraps only when one more character follows the last column.
    this.#wraps = token.length === 1 && this.#column === this.columns &&
      token >= " ";
    this.rows[this.#row] ??= [];
  }
}

interface Scene {
  readonly screen: Screen;
  readonly console: Console;
}

/** A console on a terminal; with `rows`, one of that height. */
function openScene(rows = 10): Scene {
  const screen = new Screen();
  const console = new Console({
    stdout: screen,
    stderr: screen,
    size: () => ({ columns: screen.columns, rows }),
    canMoveCursor: true,
  });
  return { screen, console };
}

Deno.test("Console writes lines above its live block", () => {
  const { screen, console } = openScene();
  using block = console.openBlock();
  block.show(["one 1%", "two 2%"]);
  console.writeLine("first");
  console.writeErrorLine("second");
  assertEquals(screen.text, ["first", "second", "one 1%", "two 2%"]);
  block.show(["one 50%"]);
  assertEquals(screen.text, ["first", "second", "one 50%"]);
});

Deno.test("Console shows the parts of several jobs as one block", () => {
  const { screen, console } = openScene();
  const first = console.openBlock();
  using second = console.openBlock();
  second.show(["b"]);
  first.show(["a1", "a2"]);
  console.writeLine("line");
  assertEquals(screen.text, ["line", "a1", "a2", "b"]);
  first[Symbol.dispose]();
  assertEquals(screen.text, ["line", "b"]);
  // A job that has ended draws no more.
  first.show(["a3"]);
  assertEquals(screen.text, ["line", "b"]);
});

Deno.test("Console gives each job the rows that others leave, at least its share", () => {
  const { console } = openScene(11);
  using first = console.openBlock();
  assertEquals(first.room(), { columns: 20, rows: 10 });
  using second = console.openBlock();
  second.show(["b1", "b2"]);
  assertEquals(first.room().rows, 8);
  first.show(Array.from({ length: 8 }, () => "a"));
  assertEquals(second.room().rows, 5);
});

Deno.test("Console never draws a block that is taller than the terminal", () => {
  const { screen, console } = openScene(4);
  using first = console.openBlock();
  using second = console.openBlock();
  first.show(["a1", "a2"]);
  second.show(["b1", "b2"]);
  assertEquals(screen.text, ["a1", "a2", "b1"]);
  console.writeLine("line");
  assertEquals(screen.text, ["line", "a1", "a2", "b1"]);
});

Deno.test("Console removes a block whose lines a narrower terminal has wrapped", () => {
  const { screen, console } = openScene();
  using block = console.openBlock();
  screen.columns = 10;
  block.show(["0123456789abcde", "two"]);
  assertEquals(screen.text, ["0123456789", "abcde", "two"]);
  block.show(["one"]);
  assertEquals(screen.text, ["one"]);
});

Deno.test("Console.suspendBlock() leaves the terminal to another process", () => {
  const { screen, console } = openScene();
  using block = console.openBlock();
  const write = (text: string): void => {
    screen.writeSync(new TextEncoder().encode(text));
  };
  block.show(["50%"]);
  {
    using _outer = console.suspendBlock();
    using _inner = console.suspendBlock();
    block.show(["60%"]);
    write("output\nwithout an end");
    console.writeErrorLine("");
    assertEquals(screen.text, ["output", "without an end", ""]);
    write("again");
  }
  assertEquals(screen.text, ["output", "without an end", "again", "60%"]);
  block.show(["70%"]);
  {
    using _ = console.suspendBlock();
    write("whole line\n");
  }
  assertEquals(screen.text.slice(3), ["whole line", "70%"]);
});

Deno.test("Console.close() removes the live block for good", () => {
  const { screen, console } = openScene();
  const block = console.openBlock();
  block.show(["50%"]);
  console.close();
  block.show(["60%"]);
  console.writeLine("end");
  assertEquals(screen.text, ["end", ""]);
});

Deno.test("Console draws nothing where stderr is no terminal", () => {
  const texts: string[] = [];
  const pipe = {
    writeSync: (bytes: Uint8Array) => {
      texts.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
    isTerminal: () => false,
  };
  const console = new Console({
    stdout: pipe,
    stderr: pipe,
    size: () => ({ columns: 80, rows: 24 }),
    canMoveCursor: true,
  });
  using block = console.openBlock();
  block.show(["50%"]);
  console.writeLine("line");
  using _ = console.suspendBlock();
  assertEquals([console.isLive, texts], [false, ["line\n"]]);
});

Deno.test("Console does not fail when the reader has closed the pipe", () => {
  const closed = {
    writeSync: () => {
      throw new Deno.errors.BrokenPipe();
    },
    isTerminal: () => false,
  };
  const console = new Console({
    stdout: closed,
    stderr: closed,
    size: () => ({ columns: 80, rows: 24 }),
    canMoveCursor: true,
  });
  console.writeLine("line");
});

Deno.test("canMoveCursor() is false for executables that Windows shows escapes of", () => {
  const cases: [denoVersion: string, canMove: boolean][] = [
    ["2.4.2", false],
    ["2.8.1", false],
    ["2.8.2", true],
    ["2.8.10", true],
    ["2.9.0", true],
    ["2.10.0-rc.1", true],
    ["3.0.0", true],
  ];
  for (const [denoVersion, canMove] of cases) {
    const host = {
      platform: "windows",
      isStandalone: true,
      denoVersion,
    } as const;
    assertEquals(canMoveCursor(host), canMove, denoVersion);
    assertEquals(canMoveCursor({ ...host, isStandalone: false }), true);
    assertEquals(canMoveCursor({ ...host, platform: "linux" }), true);
  }
});
