export const statuses: Record<string, string> = {
  created: "Not started", validating: "Checking photos", processing: "In progress", review: "Ready for review", approved: "Approved",
  exported: "Delivered", paused: "Paused", cancelled: "Cancelled", failed: "Failed", rejected: "Rejected", skipped: "Skipped",
  queued: "Waiting", running: "In progress", done: "Done",
};
/** The stages of an image, as a merchandiser would name them. */
export const stages: Record<string, string> = {
  segment: "Cutting out", upscale: "Enlarging", generate: "Setting the scene", export: "Making files",
};
export const priorities: Record<string, { name: string; words: string }> = {
  urgent: { name: "Urgent", words: "Before everything else." },
  standard: { name: "Standard", words: "In turn." },
  overnight: { name: "Overnight", words: "In quiet hours, after everything else." },
};
export const collectionKinds: Record<string, string> = { collection: "Collection", season: "Season", category: "Category" };
