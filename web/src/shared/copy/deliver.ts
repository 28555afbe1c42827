const many = (count: number, one: string, more: string) => `${count.toLocaleString()} ${count === 1 ? one : more}`;
const day = (at: string) => new Date(at).toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short" });

export const deliver = {
  title: "Deliver",
  destinations: "Destinations",
  ready: {
    title: "Ready to deliver", none: "Nothing is approved and waiting.", approved: (count: number) => `${count.toLocaleString()} approved`,
    older: "Look in older batches",
  },
  history: {
    title: "Deliveries", none: "What you deliver is listed here.", older: "Show older", files: (count: number) => many(count, "file", "files"),
    failed: (count: number) => `${count.toLocaleString()} failed`, items: "Single photos", gone: "A deleted batch",
  },
  empty: {
    title: "Approved files leave from here", words: "As a ZIP, into a folder, or into your cloud storage. Approve photos first.", action: "Review photos",
  },
  pick: { title: "Choose a batch", words: "Its approved files are listed before anything is sent." },
  compose: {
    where: "Where to", channels: "Channels", files: "What will go", undecided: (count: number) => `${many(count, "photo is", "photos are")} not decided yet.`, review: "Review them",
    action: (files: number) => `Deliver ${many(files, "file", "files")}`, noAction: "Nothing to deliver",
    sum: (files: number, bytes: string) => `${many(files, "file", "files")}, ${bytes}`,
    noneApproved: "None of this batch is approved yet.", noneFor: "No approved file for these channels.", noChannel: "Choose at least one channel.",
    first: (shown: number, total: number) => `The first ${shown.toLocaleString()} of ${total.toLocaleString()} are listed; all of them go.`,
    count: (files: number) => many(files, "file", "files"), planning: "Counting the files",
  },
  kinds: {
    zip: { name: "ZIP to download", words: "One file, kept here for seven days." },
    folder: { name: "Folder on the server", words: "Inside the folder for exports." },
    s3: { name: "Cloud storage", words: "A bucket of yours (S3)." },
  },
  kindsShort: { zip: "ZIP", folder: "Folder", s3: "Cloud" } as Record<string, string>,
  folder: { label: "Folder name", hint: "Such as spring-2026. Folders in it are made as needed.", bad: "Letters, digits, dots, hyphens and underscores; / between folders." },
  s3: {
    label: "Destination", none: "No destination is set up yet.", noneMember: "No destination is set up yet. An owner can add one.", add: "Add a destination",
    prefix: "Folder in it", prefixHint: "Optional.", choose: "Choose one",
  },
  leftOut: {
    title: (count: number) => `Stays here: ${many(count, "photo", "photos")}`, words: "Only approved photos leave.",
    why: {
      review: "Waits for review", rejected: "Rejected", skipped: "Skipped in review", failed: "Could not be made", processing: "Still being made", cancelled: "Stopped",
    } as Record<string, string>,
    more: (count: number) => `and ${count.toLocaleString()} more`,
  },
  list: { label: "Files" },
  one: {
    to: { zip: "ZIP to download", folder: (path: string) => `Folder ${path}`, s3: (name: string) => `Cloud storage: ${name}` },
    by: (at: string) => `Started ${at}`,
    waiting: "Waiting for its turn", preparing: "Getting the files ready", progress: (done: number, total: number) => `${done.toLocaleString()} of ${many(total, "file", "files")}`,
    done: (count: number) => `${many(count, "file", "files")} delivered`, doneSome: (count: number, total: number) => `${count.toLocaleString()} of ${many(total, "file", "files")} delivered`,
    nothing: "Nothing was delivered", cancelled: "Stopped. What was delivered stays where it is.",
    failedWhole: "The delivery stopped", failed: (count: number) => `${many(count, "file", "files")} did not arrive`,
    retry: "Deliver these again", again: "Deliver again", stop: "Stop", stopped: "The delivery is stopped.",
    download: "Download ZIP", holds: (until: string) => `Kept until ${day(until)}.`, expired: "The ZIP was removed after seven days. Deliver again to make a new one.",
    announceDone: (count: number) => `Done. ${many(count, "file", "files")} delivered.`,
    notSent: "Not sent",
    stateOf: { waiting: "Waiting", delivered: "Delivered", failed: "Did not arrive" } as Record<string, string>,
    tones: { delivered: "delivered", packed: "packed", failed: "failed" }, leftOut: (count: number) => `${many(count, "photo", "photos")} stayed here, not approved.`,
    noFiles: "The files are listed once they are ready.",
  },
  dest: {
    title: "Destinations", words: "Buckets that approved files can be sent to: S3 of Amazon or of any other provider.", none: "No destination yet.",
    add: "Add a destination", edit: "Change", remove: "Delete", test: "Test", ok: "It works: a file could be written and removed.",
    ownersOnly: "Only owners can add, change or test destinations.",
    name: "Name", nameHint: "As your team knows it.", bucket: "Bucket", bucketBad: "Small letters, digits, dots and hyphens; 3 to 63 of them.", prefix: "Folder in the bucket", prefixHint: "Optional, such as shop/photos.",
    region: "Region", endpoint: "Server", endpointHint: "Only for a provider other than Amazon, such as https://s3.example.com.", keyId: "Access key ID", secret: "Secret access key",
    secretHint: "It is kept encrypted and never shown again.", secretAgain: "Give it again: the one that is kept is never shown.",
    save: "Save and test", saved: (name: string) => `“${name}” is saved.`, place: (bucket: string, prefix: string) => (prefix ? `${bucket}/${prefix}` : bucket),
    delete: { title: (name: string) => `Delete “${name}”?`, words: "Its keys are forgotten at once. What was delivered stays where it is.", action: "Delete destination" },
  },
};
