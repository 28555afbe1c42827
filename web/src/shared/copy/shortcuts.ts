export const shortcutSheet = {
  title: "Keyboard shortcuts",
  single: "Single-key shortcuts",
  singleHelp: "Switch them off if you dictate, or if keys are pressed by accident.",
};

export const shortcuts: { title: string; keys: { keys: string[]; words: string }[] }[] = [
  {
    title: "Anywhere",
    keys: [
      { keys: ["?"], words: "This sheet" },
      { keys: ["/"], words: "Search" },
      { keys: ["G", "L"], words: "Go to Library" },
      { keys: ["G", "U"], words: "Go to Upload" },
      { keys: ["G", "S"], words: "Go to Styles" },
      { keys: ["G", "B"], words: "Go to Batches" },
      { keys: ["G", "R"], words: "Go to Review" },
      { keys: ["G", "D"], words: "Go to Deliver" },
      { keys: ["Esc"], words: "Close, or clear the selection" },
    ],
  },
  {
    title: "Library",
    keys: [
      { keys: ["←", "→", "↑", "↓"], words: "Move; with ⇧ select on the way" },
      { keys: ["Space"], words: "Select" },
      { keys: ["Ctrl", "A"], words: "Select all" },
      { keys: ["Enter"], words: "Open" },
      { keys: ["F2"], words: "Rename a collection" },
      { keys: ["⇧", "←", "→"], words: "On a product: move this photo" },
      { keys: ["E"], words: "On a product: correct the cut-out" },
    ],
  },
  {
    title: "Review",
    keys: [
      { keys: ["A"], words: "Approve" },
      { keys: ["Y"], words: "Approve too what breaks a rule and was left out" },
      { keys: ["R"], words: "Reject; then 1 to 9 for the reason, Enter to confirm" },
      { keys: ["S"], words: "Skip for now" },
      { keys: ["T"], words: "Try again" },
      { keys: ["E"], words: "Correct the cut-out" },
      { keys: ["Z"], words: "Undo the last decision" },
      { keys: ["⇧", "A"], words: "Approve all on this contact sheet" },
    ],
  },
  {
    title: "Looking",
    keys: [
      { keys: ["←", "→", "↑", "↓"], words: "Move" },
      { keys: ["X"], words: "Compare with the original" },
      { keys: ["Space"], words: "100 %" },
      { keys: ["F"], words: "Next that needs a look" },
      { keys: ["N"], words: "Write a note" },
      { keys: ["V"], words: "Versions" },
      { keys: ["M"], words: "Grid, contact sheet, large" },
    ],
  },
  {
    title: "Correcting a cut-out",
    keys: [
      { keys: ["K"], words: "Keep: a part is missing" },
      { keys: ["R"], words: "Remove: it does not belong to it" },
      { keys: ["B"], words: "Box around the product" },
      { keys: ["←", "→", "↑", "↓"], words: "Move the cross; with ⇧ further" },
      { keys: ["Enter"], words: "Place a hint" },
      { keys: ["Delete"], words: "Delete the chosen hint" },
      { keys: ["Ctrl", "Z"], words: "Undo; with ⇧ redo" },
      { keys: ["X"], words: "As it was before" },
      { keys: ["M"], words: "Next background" },
      { keys: ["+", "−", "0", "1"], words: "Zoom, whole photo, 100 %" },
      { keys: ["Space"], words: "Held: drag the photo" },
      { keys: ["Ctrl", "S"], words: "Save" },
    ],
  },
];
