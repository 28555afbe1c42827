// What "Correct the cut-out" says.
const pictures = (count: number) => `${count.toLocaleString()} ${count === 1 ? "picture" : "pictures"}`;

export const cutout = {
  title: "Correct the cut-out",
  stage: (name: string) => `${name} with its cut-out`,
  stageHelp: "Arrow keys move the cross, with Shift further. Enter places a hint. Delete takes away the chosen one.",

  tools: {
    label: "What is wrong?",
    keep: { name: "Keep", words: "Click on a part that is missing.", key: "K" },
    remove: { name: "Remove", words: "Click on what does not belong to the product.", key: "R" },
    box: { name: "Box", words: "Draw around the whole product. What is outside goes.", key: "B" },
  },

  hints: {
    label: "Your hints",
    none: "Click on the photo where the cut-out is wrong. One click is often enough.",
    keyboard: "By keyboard: arrows move, Enter places.",
    at: (x: number, y: number) => `${x}, ${y}`,
    box: (width: number, height: number) => `${width} × ${height} px`,
    named: (tool: string, where: string) => `${tool}, ${where}`,
    choose: (tool: string, where: string) => `${tool} hint at ${where}`,
    chooseBox: (size: string) => `Box, ${size}`,
    remove: "Delete this hint",
    removeNamed: (name: string) => `Delete hint: ${name}`,
    clear: "Clear",
    redo: "Redo",
  },

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
  failed: "No answer to this hint.",
  preview: "This format cannot be shown here at full size. What you see is a preview; hints count at full size.",

  announcements: {
    placed: (tool: string, where: string) => `${tool} placed at ${where}.`,
    box: "Box drawn.",
    corner: "First corner. Move to the opposite one and press Enter.",
    drag: "Drag to draw a box around the product.",
    small: "This box is too small.",
    full: (most: number) => `There is room for ${most}. Delete one first.`,
    removed: "Hint deleted.",
    cleared: "All hints cleared.",
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
  unchanged: "Your hints change nothing. The cut-out stays as it was.",
  reverted: (version: number) => `Version ${version} of the cut-out is used again.`,
  changed: { words: "Somebody changed this cut-out while you worked on it.", action: "Load it again", help: "Your hints stay and are tried on the newer one." },

  leave: {
    title: "Leave without saving?",
    words: (count: number) => `${count === 1 ? "Your hint is" : `Your ${count} hints are`} not saved. The cut-out stays as it was.`,
    stay: "Keep working", action: "Leave without saving",
  },
  uncut: { title: "Not cut out yet", words: "There is nothing to correct before the photo is cut out.", action: "Cut it out" },
};
