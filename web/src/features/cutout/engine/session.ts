/** Work on one cut-out: gestures and the service's answers become steps of its layer, one after the other. No React. */
import { isRoom, type Hint, type Hints } from "../hints";
import type { Box, Point } from "../view";
import type { Strokes } from "./along";
import { answered, FINAL_PIXELS, LIVE_PIXELS, type Solved } from "./edges";
import { joined, type MatteLayer, type Softness } from "./layer";

/** radius: px of the photo.  follow: along edges, instead of what lies under the brush. */
export type Brush = { erase: boolean; radius: number; softness: Softness; follow: boolean };

export type State = {
  revision: number; // grows with each change of the layer
  dirty: boolean; canUndo: boolean; canRedo: boolean;
  working: boolean; // a stroke is drawn, or still solved
  waiting: Hints; // the service has not answered these yet
  failure: unknown; // why it did not; null: nothing failed
};

export type Parts = {
  layer: MatteLayer;
  saved: Blob; // the cut-out that the work began on
  /** What is solved for a stroke along edges; null where it lies beside the photo. */
  around: (path: readonly Point[], radius: number, erase: boolean, most: number) => { strokes: Strokes; box: Box } | null;
  solver: { solve: (strokes: Strokes) => Promise<Uint8Array | null>; close: () => void };
  /** The saved cut-out with these, as a gray picture. */
  ask: (hints: Hints, signal: AbortSignal) => Promise<Blob>;
  decode: (matte: Blob) => Promise<Uint8Array>;
  draw: (box: Box) => void;
  /** same: the service's answer changed nothing.  plain: edges could not be followed, the stroke was drawn as it is. */
  say: (what: "same" | "answered" | "plain") => void;
};

type Stroke = Brush & { path: Point[]; radii: number[]; drawn: number; done: boolean; solving: boolean; shown: Solved | null };
type Answer = { hints: Hints; answer: Blob; before: Blob };
type Act = { act: () => Box | null; answer?: Answer };

export class Session {
  private queue: (Stroke | Act)[] = []; // the first one has the open step
  private notes: (Answer | null)[] = []; // of each step that can be undone: what of the service's it holds
  private undone: (Answer | null)[] = [];
  private depth = 0; // steps away from what is saved
  private hints: Hints = [];
  private waiting: Hints = [];
  private waitingSince = 0;
  private answer: Blob;
  private failure: unknown = null;
  private request: AbortController | null = null;
  private revision = 0;
  private state: State;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly parts: Parts) {
    this.answer = parts.saved;
    this.state = this.look();
  }

  readonly subscribe = (listener: () => void): (() => void) => (this.listeners.add(listener), () => void this.listeners.delete(listener));
  readonly now = (): State => this.state;

  /** The stroke under way, as it was drawn by hand. */
  get trail(): { path: readonly Point[]; radius: number; erase: boolean } | null {
    const last = this.queue.findLast((one) => "path" in one);
    return last?.follow ? last : null;
  }

  // --- strokes ---

  press(brush: Brush, at: Point, radius = brush.radius): void {
    this.add({ ...brush, path: [at], radii: [radius], drawn: 0, done: false, solving: false, shown: null });
  }
  move(points: readonly Point[], radius?: number): void {
    const stroke = this.held;
    if (!stroke) return;
    stroke.path.push(...points);
    stroke.radii.push(...points.map(() => radius ?? stroke.radius));
    if (stroke === this.queue[0]) this.advance(stroke);
  }
  lift(): void {
    const stroke = this.held;
    if (!stroke) return;
    stroke.done = true;
    if (stroke === this.queue[0]) this.advance(stroke);
  }
  /** Takes back the stroke that is drawn. */
  cancel(): void {
    if (this.held) this.drop(this.held);
  }

  // --- at once ---

  fill(corners: readonly Point[], erase: boolean): void {
    this.add({ act: () => this.parts.layer.fill(corners, erase) });
  }
  shift(outwards: boolean): void {
    this.add({ act: () => this.parts.layer.shift(outwards) });
  }
  /** Puts levels of the photo's size in, as a step. */
  restore(levels: Uint8Array): void {
    const { width, height } = this.parts.layer.size;
    this.add({ act: () => this.parts.layer.replace([0, 0, width, height], levels) });
  }

  // --- by the service ---

  /** False where the service takes no more of its kind. */
  point(hint: Hint): boolean {
    if (!isRoom([...this.hints, ...this.waiting], hint.tool)) return false;
    if (this.waiting.length === 0) this.waitingSince = this.depth;
    this.waiting = [...this.waiting, hint];
    void this.send();
    return true;
  }
  retry(): void {
    if (this.failure !== null) void this.send();
  }

  // --- back and forth ---

  undo(): boolean {
    const last = this.queue.at(-1);
    if (last) return this.drop(last), true;
    if (this.waiting.length > 0 && this.depth === this.waitingSince) {
      this.waiting = this.waiting.slice(0, -1);
      void this.send();
      return true;
    }
    const box = this.parts.layer.undo();
    if (!box) return false;
    const note = this.notes.pop() ?? null;
    this.undone.push(note);
    this.depth -= 1;
    this.waitingSince = Math.min(this.waitingSince, this.depth);
    if (note) this.takeBack(note);
    this.drawn(box);
    this.changed();
    return true;
  }
  redo(): boolean {
    if (this.queue.length > 0) return false;
    const box = this.parts.layer.redo();
    if (!box) return false;
    const note = this.undone.pop() ?? null;
    this.notes.push(note);
    this.depth += 1;
    if (note) {
      this.hints = [...this.hints, ...note.hints];
      this.answer = note.answer;
      if (this.waiting.length > 0) void this.send();
    }
    this.drawn(box);
    this.changed();
    return true;
  }

  close(): void {
    this.request?.abort();
    this.queue = [];
    this.parts.solver.close();
  }

  // --- parts ---

  /** The stroke whose pointer is still down; an answer may stand behind it. */
  private get held(): Stroke | undefined {
    return this.queue.findLast((one): one is Stroke => "path" in one && !one.done);
  }

  private add(one: Stroke | Act): void {
    this.queue.push(one);
    if (this.queue.length === 1) this.start();
    this.changed();
  }

  private start(): void {
    const first = this.queue[0];
    if (!first) return;
    this.parts.layer.begin();
    if ("path" in first) return this.advance(first);
    this.drawn(first.act());
    this.finish();
  }

  private finish(): void {
    const first = this.queue.shift();
    if (this.parts.layer.commit()) {
      this.depth += 1;
      this.notes.push((first && "act" in first && first.answer) || null);
      this.notes = this.notes.slice(-this.parts.layer.steps);
      this.undone = [];
    }
    this.changed();
    this.start();
  }

  /** Takes one of the queue back. */
  private drop(one: Stroke | Act): void {
    const isFirst = one === this.queue[0];
    this.queue = this.queue.filter((other) => other !== one);
    if ("act" in one && one.answer) this.takeBack(one.answer);
    if (isFirst) {
      this.drawn(this.parts.layer.restart());
      this.parts.layer.commit();
      this.start();
    }
    this.changed();
  }

  private advance(stroke: Stroke): void {
    if (stroke.follow) return void this.solve(stroke);
    let box: Box | null = null;
    for (; stroke.drawn < stroke.path.length; stroke.drawn += 1) {
      const to = stroke.path[stroke.drawn]!;
      const painted = this.parts.layer.stroke(stroke.path[stroke.drawn - 1] ?? to, to, stroke.radii[stroke.drawn]!, stroke.softness, stroke.erase);
      if (painted) box = joined(box, painted);
    }
    this.drawn(box);
    if (stroke.done) this.finish();
  }

  /** Follows edges: small while the hand moves, at full size once it is lifted. */
  private async solve(stroke: Stroke): Promise<void> {
    if (stroke.solving) return;
    stroke.solving = true;
    const { layer, solver } = this.parts;
    for (;;) {
      const { done, path, radius, erase, shown } = stroke;
      const count = path.length;
      layer.restart(); // it is solved on what was there before the stroke
      const request = this.parts.around(path, radius, erase, done ? FINAL_PIXELS : LIVE_PIXELS);
      if (shown) layer.replace(shown.box, shown.values);
      const matte = request && (await solver.solve(request.strokes).catch(() => null));
      if (this.queue[0] !== stroke) return; // taken back meanwhile
      if (request && matte) {
        const before = layer.restart();
        stroke.shown = answered(layer, request, matte);
        layer.replace(stroke.shown.box, stroke.shown.values);
        this.drawn(before ? joined(before, request.box) : request.box);
      }
      if (done && request && !matte) {
        this.parts.say("plain");
        this.drawn(layer.restart());
        stroke.follow = false;
      }
      if (done) break;
      if (!stroke.done && stroke.path.length === count) {
        stroke.solving = false;
        return;
      }
    }
    if (stroke.follow) this.finish();
    else this.advance(stroke);
  }

  private async send(): Promise<void> {
    this.request?.abort();
    this.request = null;
    this.failure = null;
    const [hints, before] = [this.waiting, this.answer];
    this.changed();
    if (hints.length === 0) return;
    const request = (this.request = new AbortController());
    try {
      const answer = await this.parts.ask([...this.hints, ...hints], request.signal);
      const [was, is] = [await this.parts.decode(before), await this.parts.decode(answer)];
      if (request.signal.aborted) return;
      this.request = null;
      this.waiting = [];
      this.take({ hints, answer, before }, was, is);
    } catch (error) {
      if (request.signal.aborted) return;
      this.failure = error;
      this.changed();
    }
  }

  /** Of an answer only what is new in it goes into the layer: what was painted elsewhere stays. */
  private take(answer: Answer, was: Uint8Array, is: Uint8Array): void {
    const { layer } = this.parts;
    const box = differing(was, is, layer.size.width);
    if (!box) {
      this.parts.say("same");
      return this.changed();
    }
    this.hints = [...this.hints, ...answer.hints];
    this.answer = answer.answer;
    this.parts.say("answered");
    this.add({
      answer,
      act: () => {
        const values = layer.part(box);
        for (let y = box[1], to = 0; y < box[3]; y += 1)
          for (let x = box[0], at = y * layer.size.width + x; x < box[2]; x += 1, at += 1, to += 1) if (is[at] !== was[at]) values[to] = is[at]!;
        return layer.replace(box, values);
      },
    });
  }

  private takeBack({ hints, before }: Answer): void {
    this.hints = this.hints.slice(0, this.hints.length - hints.length);
    this.answer = before;
    if (this.waiting.length > 0) void this.send();
  }

  private drawn(box: Box | null): void {
    if (box) this.parts.draw(box);
  }

  private changed(): void {
    this.revision += 1;
    this.state = this.look();
    for (const listener of this.listeners) listener();
  }

  private look(): State {
    const { layer } = this.parts;
    return {
      revision: this.revision, dirty: this.depth > 0, working: this.queue.length > 0, waiting: this.waiting, failure: this.failure,
      canUndo: layer.canUndo || this.queue.length > 0 || this.waiting.length > 0, canRedo: layer.canRedo && this.queue.length === 0,
    };
  }
}

/** The smallest box around all that differs; null where nothing does. */
export function differing(one: Uint8Array, other: Uint8Array, width: number): Box | null {
  let [left, top, right, bottom] = [width, -1, -1, -1];
  for (let at = 0; at < one.length; at += 1) {
    if (one[at] === other[at]) continue;
    const x = at % width;
    bottom = Math.floor(at / width);
    if (top < 0) top = bottom;
    if (x < left) left = x;
    if (x > right) right = x;
  }
  return top < 0 ? null : [left, top, right + 1, bottom + 1];
}

/** What somebody changed from `base` to `mine`, put on `newer`. */
export const carried = (base: Uint8Array, mine: Uint8Array, newer: Uint8Array): Uint8Array => newer.map((level, at) => (mine[at] === base[at] ? level : mine[at]!));
