// What "Correct the cut-out" says.
const pictures = (count: number) => `${count.toLocaleString()} ${count === 1 ? "picture" : "pictures"}`;

export const cutout = {
  title: "Correct the cut-out",
  stage: (name: string) => `${name} with its cut-out`,
  stageHelp: "Arrow keys move the cross, with Shift further. Enter uses the tool there; Shift and Enter draw a line from the last place.",

  tools: {
    label: "Tools",
    erase: { name: "Erase", words: "Paint over what does not belong to the product." },
    restore: { name: "Bring back", words: "Paint over what is missing of the product." },
    add: { name: "Add a part", words: "Click in the middle of a part that is missing." },
    remove: { name: "Remove a part", words: "Click in the middle of a part that does not belong to the product." },
    box: { name: "Box", words: "Draw around the whole product. What is outside goes." },
    outline: { name: "Outline", words: "Click corner by corner around an area. A click on the first corner, or a double click, closes it. Backspace takes a corner back." },
  },
  brush: {
    label: "Brush", size: "Brush size", sizeField: "Brush size in pixels", px: (size: number) => `${size} px`, keys: "make it smaller or larger.",
    follow: "Follow edges", followWords: "A rough stroke is enough: it spreads up to the edges nearby. S switches it.",
    edge: "Edge of the brush", crisp: "Crisp", soft: "Soft", feather: "Feather", alt: "Hold Alt to do the opposite.",
  },
  outline: { label: "What is inside" },
  edge: { label: "The whole edge", grow: "Grow by 1 px", shrink: "Shrink by 1 px", words: "Shrink where a seam of the backdrop is left all around." },
  versions: {
    label: "Versions", name: (version: number) => `Version ${version}`, current: "In use", use: "Use this one", useNamed: (version: number) => `Use version ${version}`,
    dirty: "Save or undo your changes before you go back to an earlier one.",
  },
  redo: "Redo",
  pin: (adds: boolean) => (adds ? "Part to add, being cut out" : "Part to remove, being cut out"),
  at: (x: number, y: number) => `${x}, ${y}`,

  backing: { label: "Show it on", photo: "Photo", checker: "Checker", white: "White", black: "Black", magenta: "Magenta" },
  edges: "Edges keep a tint of the photo here. In finished pictures it is taken out.",
  before: "Before",
  beforeHelp: "The cut-out as it was",
  zoom: { in: "Zoom in", out: "Zoom out", fit: "Fit the whole photo", fitShort: "Fit", full: "100 %", at: (percent: number) => `${percent} %` },

  busy: "Cutting out …",
  queued: "Waiting for its turn: other work is being done first.",
  slow: "Still cutting out. This one takes a little longer.",
  answered: "The cut-out has changed.",
  same: "That changed nothing. Click where the cut-out is wrong: in the middle of the part, not at its edge.",
  plain: "Edges could not be followed here. The stroke is painted as you drew it.",
  failed: "No answer to this click.",
  opening: "Opening the photo …",
  preview: "This format cannot be shown here at full size. What you see is a preview; the cut-out has its full size.",
  draft: { found: "Your unsaved strokes are back.", action: "Start over", none: "This browser has no room for a draft. Save before you leave." },
  elsewhere: "This cut-out is open in another tab too. Only one of them can save: close one.",

  announcements: {
    placed: (tool: string, where: string) => `${tool}: ${where}.`,
    painted: (tool: string, where: string) => `${tool}: painted at ${where}.`,
    box: "Box drawn.",
    corner: "First corner. Move to the opposite one and press Enter.",
    corners: (count: number) => `${count} ${count === 1 ? "corner" : "corners"}. Enter on the first one closes the outline.`,
    filled: "Outline filled.",
    few: "An outline needs three corners.",
    drag: "Drag to draw a box around the product.",
    small: "This box is too small.",
    full: (most: number) => `There is room for ${most} of them. Save, and go on from there.`,
    grown: "The edge has grown by a pixel.", shrunk: "The edge has shrunk by a pixel.",
    size: (size: number) => `Brush size ${size} px.`,
    follow: (on: boolean) => (on ? "Strokes follow edges." : "Strokes are painted as drawn."),
    undone: "Undone.",
    redone: "Done again.",
    beside: "That is beside the photo.",
  },

  checks: "Found by the checks",
  after: {
    label: "When you save",
    open: (count: number) => `${pictures(count)} of this photo ${count === 1 ? "is made again by itself" : "are made again by themselves"}.`,
    approved: (count: number) => (count === 0 ? "" : `${pictures(count)} already approved ${count === 1 ? "stays as it is" : "stay as they are"}. “Try again” (T) in review makes one with the new cut-out.`),
    none: "Nothing has been made of this photo yet. Batches use the newest cut-out.",
  },

  save: "Save",
  saved: (version: number, open: number) =>
    `The cut-out is saved as version ${version}.${open > 0 ? ` ${pictures(open)} ${open === 1 ? "is" : "are"} being made again.` : ""}`,
  reverted: (version: number) => `Version ${version} of the cut-out is used again.`,
  changed: { words: "Somebody changed this cut-out while you worked on it.", action: "Load it again", help: "Your strokes stay and are put on the newer one." },

  leave: {
    title: "Leave without saving?",
    words: "Your changes are not saved. The cut-out stays as it was.",
    stay: "Keep working", action: "Leave without saving",
  },
  uncut: { title: "Not cut out yet", words: "There is nothing to correct before the photo is cut out.", action: "Cut it out" },
};
