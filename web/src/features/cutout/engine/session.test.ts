import { beforeEach, describe, expect, test, vi } from "vitest";
import { deferred } from "~/testing/service";
import type { Hints } from "../hints";
import type { Box, Point } from "../view";
import type { Strokes } from "./along";
import { MatteLayer } from "./layer";
import { carried, differing, Session, type Brush, type Parts } from "./session";

const SIDE = 64;
const BRUSH: Brush = { erase: true, radius: 4, softness: "crisp", follow: false };
const FOLLOW: Brush = { ...BRUSH, follow: true };
const full = () => new Uint8Array(SIDE * SIDE).fill(255);

let layer: MatteLayer;
let said: string[];
let drawn: Box[];
let answers: Map<Blob, Uint8Array>;
let solves: { strokes: Strokes; most: number; done: (matte: Uint8Array | null) => void }[];
let ask: ReturnType<typeof vi.fn<Parts["ask"]>>;
let session: Session;

/** A solver that is answered by the test, over the whole photo. */
function parts(): Parts {
  let most = 0;
  const saved = new Blob();
  answers = new Map([[saved, full()]]);
  return {
    layer, saved, ask, draw: (box) => drawn.push(box), say: (what) => said.push(what),
    decode: async (blob) => answers.get(blob)!,
    around: (_path: readonly Point[], _radius, erase, limit) => {
      most = limit;
      return { box: [0, 0, SIDE, SIDE], strokes: { width: SIDE, height: SIDE, rgba: new Uint8ClampedArray(), mask: new Uint8Array(), reach: 9, erase, matte: layer.data.slice() } };
    },
    solver: { solve: (strokes) => new Promise((done) => solves.push({ strokes, most, done })), close: () => undefined },
  };
}
const at = (x: number, y: number): number => layer.data[y * SIDE + x]!;
const settled = () => new Promise((done) => setTimeout(done, 0));
/** The cut-out of the service with those pixels taken out. */
function answer(...gone: number[]): Blob {
  const levels = full();
  for (const one of gone) levels[one] = 0;
  const blob = new Blob();
  answers.set(blob, levels);
  return blob;
}
async function stroke(brush: Brush, ...path: Point[]): Promise<void> {
  session.press(brush, path[0]!);
  session.move(path.slice(1));
  session.lift();
  await settled();
}

beforeEach(() => {
  layer = new MatteLayer({ width: SIDE, height: SIDE }, full());
  [said, drawn, solves] = [[], [], []];
  ask = vi.fn();
  session = new Session(parts());
});

describe("brushes", () => {
  test("a stroke is one step, drawn while it is made", async () => {
    session.press(BRUSH, [10, 10]);
    expect(at(10, 10)).toBe(0);
    expect(session.now()).toMatchObject({ working: true, dirty: false });
    session.move([[40, 10]]);
    expect(at(25, 10)).toBe(0);
    session.lift();
    expect(session.now()).toMatchObject({ working: false, dirty: true, canUndo: true });
    expect(drawn.length).toBeGreaterThan(1);
    session.undo();
    expect(at(10, 10)).toBe(255);
    expect(session.now()).toMatchObject({ dirty: false, canUndo: false, canRedo: true });
    session.redo();
    expect(at(25, 10)).toBe(0);
  });

  test("a stroke that is cancelled leaves nothing, not even a step", () => {
    session.press(BRUSH, [10, 10]);
    session.cancel();
    expect(layer.data).toEqual(full());
    expect(session.now()).toMatchObject({ working: false, dirty: false, canUndo: false });
  });

  test("those who watch are told, with another state each time", () => {
    const watcher = vi.fn();
    const before = session.now();
    const stop = session.subscribe(watcher);
    session.press(BRUSH, [10, 10]);
    expect(watcher).toHaveBeenCalled();
    expect(session.now()).not.toBe(before);
    stop();
    watcher.mockClear();
    session.lift();
    expect(watcher).not.toHaveBeenCalled();
  });
});

describe("strokes along edges", () => {
  const solved = (...gone: number[]): Uint8Array => full().map((level, index) => (gone.includes(index) ? 0 : level));

  test("are solved while the hand moves, on what was there before the stroke, and finely once it is lifted", async () => {
    session.press(FOLLOW, [10, 10]);
    expect(solves).toHaveLength(1);
    session.move([[12, 10]]);
    expect(solves).toHaveLength(1); // one at a time
    solves[0]!.done(solved(3));
    await settled();
    expect(layer.data[3]).toBe(0);
    expect(solves).toHaveLength(2);
    expect(solves[1]!.strokes.matte).toEqual(full()); // not on its own answer
    expect(layer.data[3]).toBe(0); // which is still seen
    session.lift();
    solves[1]!.done(solved(3, 4));
    await settled();
    expect(solves[2]!.most).toBeGreaterThan(solves[1]!.most);
    solves[2]!.done(solved(5));
    await settled();
    expect([...layer.data.subarray(3, 6)]).toEqual([255, 255, 0]);
    expect(session.now()).toMatchObject({ working: false, dirty: true });
    session.undo();
    expect(layer.data).toEqual(full());
    expect(session.now().canUndo).toBe(false);
  });

  test("what is painted while one is solved comes after it", async () => {
    session.press(FOLLOW, [10, 10]);
    session.lift();
    await stroke(BRUSH, [40, 40]);
    expect(at(40, 40)).toBe(255);
    solves[0]!.done(solved(3));
    await settled();
    solves[1]?.done(solved(3));
    await settled();
    expect(at(40, 40)).toBe(0);
    expect(layer.steps).toBe(2);
  });

  test("undo while one is solved takes it back", async () => {
    session.press(FOLLOW, [10, 10]);
    session.lift();
    session.undo();
    solves[0]!.done(solved(3));
    await settled();
    expect(layer.data).toEqual(full());
    expect(session.now()).toMatchObject({ working: false, canUndo: false });
  });

  test("where they cannot be solved the stroke is painted as it is, and that is said", async () => {
    session.press(FOLLOW, [10, 10]);
    session.lift();
    solves[0]!.done(null);
    await settled();
    solves[1]?.done(null);
    await settled();
    expect(said).toEqual(["plain"]);
    expect(at(10, 10)).toBe(0);
    expect(session.now().dirty).toBe(true);
  });
});

describe("clicks", () => {
  const CLICK = { tool: "remove", at: [1, 1] } as const;

  test("only what is new in the answer is put in; what was painted meanwhile stays", async () => {
    const late = deferred<Blob>();
    ask.mockReturnValueOnce(late.promise);
    session.point(CLICK);
    expect(session.now()).toMatchObject({ waiting: [CLICK], dirty: false });
    await stroke(BRUSH, [40, 40]);
    late.resolve(answer(7));
    await settled();
    expect([layer.data[7], at(40, 40)]).toEqual([0, 0]);
    expect(session.now()).toMatchObject({ waiting: [], dirty: true });
    expect(said).toEqual(["answered"]);
  });

  test("each request has all clicks so far; one that is undone is taken back", async () => {
    const sent: Hints[] = [];
    ask.mockImplementation(async (hints) => (sent.push(hints), answer(...hints.map((_, index) => index))));
    session.point(CLICK);
    await settled();
    session.point({ tool: "keep", at: [9, 9] });
    await settled();
    expect(sent.at(-1)).toHaveLength(2);
    expect([...layer.data.subarray(0, 3)]).toEqual([0, 0, 255]);
    session.undo();
    expect([...layer.data.subarray(0, 3)]).toEqual([0, 255, 255]);
    session.point({ tool: "keep", at: [5, 5] });
    await settled();
    expect(sent.at(-1)).toEqual([CLICK, { tool: "keep", at: [5, 5] }]);
    expect([...layer.data.subarray(0, 3)]).toEqual([0, 0, 255]);
  });

  test("an answer that comes in the middle of a stroke waits for its end", async () => {
    const late = deferred<Blob>();
    ask.mockReturnValueOnce(late.promise);
    session.point(CLICK);
    session.press(BRUSH, [40, 40]);
    late.resolve(answer(7));
    await settled();
    expect(layer.data[7]).toBe(255);
    session.lift();
    expect(layer.data[7]).toBe(0);
    session.undo(); // the click
    expect([layer.data[7], at(40, 40)]).toEqual([255, 0]);
  });

  test("a click that is undone while it waits is cancelled", async () => {
    ask.mockImplementation(() => new Promise(() => undefined));
    session.point(CLICK);
    const [, signal] = ask.mock.calls[0]!;
    session.undo();
    expect(signal.aborted).toBe(true);
    expect(session.now().waiting).toEqual([]);
  });

  test("a failure is said, and tried again with the same clicks", async () => {
    ask.mockRejectedValueOnce(new Error("away"));
    session.point(CLICK);
    await settled();
    expect(session.now()).toMatchObject({ waiting: [CLICK], failure: new Error("away") });
    ask.mockResolvedValueOnce(answer(7));
    session.retry();
    await settled();
    expect(session.now()).toMatchObject({ waiting: [], failure: null, dirty: true });
  });

  test("an answer that changes nothing is no step, and its click is forgotten", async () => {
    ask.mockResolvedValueOnce(answer());
    session.point(CLICK);
    await settled();
    expect(said).toEqual(["same"]);
    expect(session.now()).toMatchObject({ dirty: false, canUndo: false, waiting: [] });
    ask.mockResolvedValueOnce(answer(7));
    session.point(CLICK);
    await settled();
    expect(ask.mock.calls[1]![0]).toHaveLength(1);
  });
});

test("the smallest box around what differs", () => {
  const other = full();
  expect(differing(full(), other, SIDE)).toBeNull();
  other[3 * SIDE + 5] = 0;
  other[9 * SIDE + 2] = 1;
  expect(differing(full(), other, SIDE)).toEqual([2, 3, 6, 10]);
});

test("one's own changes are put on a newer cut-out, and nothing else of the older one", () => {
  expect([...carried(Uint8Array.of(0, 0, 255), Uint8Array.of(0, 9, 255), Uint8Array.of(7, 7, 7))]).toEqual([7, 9, 7]);
});
