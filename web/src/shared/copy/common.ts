// Words that every screen uses. Each screen has its own file beside this one; components contain no text.
export const common = {
  product: "Packshot",
  places: {
    library: "Library", upload: "Upload", styles: "Styles", batches: "Batches", review: "Review", deliver: "Deliver",
    settings: "Settings",
  },
  skip: "Skip to content",
  retry: "Try again",
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  remove: "Remove",
  undo: "Undo",
  done: "Done",
  loading: "Loading",
  search: "Search",
  keysShort: "Keys",
  pickColour: (label: string) => `Choose: ${label}`,
  colourTone: (label: string) => `${label}: tone`,
  colourHue: (label: string) => `${label}: hue`,
  light: "Light",
  dark: "Dark",
  toLight: "Switch to light",
  toDark: "Switch to dark",
  offline: "No connection to Packshot. What you decide is kept here and sent when it is back.",
  offlineQueued: (count: number) => `${count} ${count === 1 ? "decision waits" : "decisions wait"} to be sent.`,
  backOnline: "Connected again.",
  error: {
    title: "That did not work",
    safe: "Nothing is lost.",
    reference: "Reference for support",
    network: "Packshot cannot be reached.",
    networkRemedy: "Check that it is running and that you are on the same network.",
    notFound: "There is nothing here",
    notFoundWords: "It may have been deleted, or the link is old.",
    crash: "This screen stopped working.",
    crashRemedy: "Load it again. What you saved is safe.",
  },
  of: (done: number, total: number) => `${done.toLocaleString()} of ${total.toLocaleString()}`,
  photos: (count: number) => `${count.toLocaleString()} ${count === 1 ? "photo" : "photos"}`,
  products: (count: number) => `${count.toLocaleString()} ${count === 1 ? "product" : "products"}`,
  files: (count: number) => `${count.toLocaleString()} ${count === 1 ? "file" : "files"}`,
  selected: (count: number) => `${count.toLocaleString()} selected`,
  ago: (at: string) => {
    const seconds = (Date.now() - Date.parse(at)) / 1000;
    if (seconds < 60) return "just now";
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
    return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
  },
  bytes: (count: number) =>
    count < 1e6 ? `${Math.max(1, Math.round(count / 1e3))} kB` : count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(1)} GB`,
  /** A range of seconds in words: "2–4 min". */
  timeLeft: (low: number, high: number) => {
    const words = (seconds: number) =>
      seconds < 60 ? "less than a minute" : seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
    const [a, b] = [words(low), words(high)];
    if (a === b) return a;
    if (low < 60) return `up to ${b}`;
    return a.endsWith("min") && b.endsWith("min") ? `${a.replace(" min", "")}–${b}` : `${a} to ${b}`;
  },
};
