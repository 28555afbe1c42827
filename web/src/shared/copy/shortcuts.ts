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
    ],
  },
  {
    title: "Review",
    keys: [
      { keys: ["A"], words: "Approve" },
      { keys: ["R"], words: "Reject; then 1 to 9 for the reason, Enter to confirm" },
      { keys: ["S"], words: "Skip for now" },
      { keys: ["T"], words: "Try again" },
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
];
