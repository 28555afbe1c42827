import { common } from "./common";

const count = (number: number): string => number.toLocaleString();
const files = common.files;

export const upload = {
  title: "Upload",
  chooseFiles: "Choose files",
  chooseFolder: "Choose a folder",
  more: "More",
  clear: "Clear list",
  clearHelp: "Photos that were sent stay in your library.",
  pause: "Pause",
  resume: "Go on",

  drop: {
    title: "Drop photos here",
    words: "Single photos, whole folders, or a ZIP. Drop them anywhere on this page.",
    formats: "JPEG, PNG, WebP, AVIF, HEIC, TIFF and camera raw · ZIP · a CSV list beside the photos",
    over: "Drop to add",
    overInto: (name: string) => `Drop to add to ${name}`,
    reading: (many: number) => (many ? `Reading folders: ${files(many)} so far` : "Reading folders"),
  },

  setup: {
    label: "How photos are added",
    into: "Collection",
    intoHelp: "The products of these photos are put into it.",
    intoNone: "No collection",
    intoNoProduct: "A collection holds products, so photos of no product stay outside of it.",
    gone: "This collection is no longer there",
    make: "New collection",
    makeName: "Name of the new collection",
    makeHint: "Spring 2027",
    makeAction: "Create",
    way: "Products",
    next: "This goes for the photos you add from now on.",
    ways: {
      name: {
        title: "By file name", words: "The name is the SKU. _2, (2) or _back make another angle.",
        from: ["MUG-GREEN.jpg", "MUG-GREEN_2.jpg"], to: "MUG-GREEN", angles: "2 angles",
      },
      folder: {
        title: "By folder", words: "The folder’s name is the SKU.",
        from: ["MUG-GREEN/front.jpg", "MUG-GREEN/back.jpg"], to: "MUG-GREEN", angles: "2 angles",
      },
      none: { title: "No product yet", words: "Sort them later in the library.", from: [], to: "", angles: "" },
    },
    list: "With a list",
    listWords: "A CSV beside the photos or inside the ZIP goes before all this. It needs the columns sku and file; title, gtin, asin and role are read too. Of columns with other names you say what they mean. A column url instead of file fetches photos from the web.",
    zip: "In a ZIP",
    zipWords: "Without a list, file names are read as those of single photos. Files of one name in several folders become its angles.",
    example: "Save a sample list",
    exampleName: "packshot-list.csv",
    exampleRows: "sku,file,title,role\r\nMUG-GREEN,mug.jpg,\"Stoneware mug, green\",main\r\nMUG-GREEN,mug-handle.jpg,,angle 2\r\n",
  },

  added: ({ files: all, products, again, skipped }: { files: number; products: number; again: number; skipped: number }) =>
    [
      all > 0 && `${files(all)} added${products > 0 ? `, ${common.products(products)}` : ""}.`,
      again > 0 && `${files(again)} ${again === 1 ? "is" : "are"} in the list already.`,
      skipped > 0 && `${files(skipped)} that ${skipped === 1 ? "is no photo was" : "are no photos were"} left out.`,
      all + again + skipped === 0 && "There were no files in it.",
    ].filter(Boolean).join(" "),
  finished: (ready: number, look: number, bad: number) => `All sent. ${count(ready)} ready, ${count(look)} need a look, ${count(bad)} can’t be used.`,

  status: {
    label: "Upload progress",
    sending: (done: number, total: number) => `Sending ${common.of(Math.min(total, done + 1), total)}`,
    unpacking: (name: string, done: number, total: number) => (total ? `Taking in ${name}: ${common.of(done, total)}` : `Opening ${name}`),
    left: (seconds: number) =>
      seconds < 60 ? `${seconds} s left` : seconds < 3600 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`,
    estimating: "Working out the time left",
    paused: (left: number) => `Paused. ${files(left)} still to send.`,
    away: (left: number) => `Packshot cannot be reached. ${files(left)} wait here and are sent when it is back.`,
    signedOut: "You are signed out. Sign in again, and it goes on from here.",
    full: (words: string) => `${words} Nothing is lost: it goes on once there is room.`,
    stored: "You may leave this page or close it: it goes on when you come back.",
    storageFull: (unstored: number) =>
      `This browser has no room to keep ${files(unstored)} over a reload. They are sent all the same; leave this page open until then.`,
  },

  listRow: (row: number) => `Row ${count(row)}`,
  columns: {
    title: "What do these columns mean?",
    words: (list: string) => `${list} has columns that Packshot does not know. Say what each one means, or leave it out. The next list with the same columns is read the same way.`,
    column: "Column in the list",
    examples: "First values",
    means: "Read as",
    meansOf: (column: string) => `Read ${column} as`,
    empty: "No values",
    leftOut: "Left out",
    fields: {
      sku: "SKU", file: "File name of the photo", url: "Web address of the photo", gtin: "GTIN (EAN, UPC)", asin: "ASIN", title: "Title",
      role: "Angle", style: "Style", channel: "Channels", priority: "Priority",
    } as Record<string, string>,
    before: "As with the last list",
    needs: { sku: "Still to say: which column is the SKU.", file: "Still to say: which column names the photo, by file or by web address." } as Record<string, string>,
    ready: (left: number) => (left === 0 ? "Every column is read." : `${count(left)} ${left === 1 ? "column is" : "columns are"} left out.`),
    action: "Read the list",
    cancelHelp: "Cancel adds nothing: neither the list nor the photos beside it.",
  },

  row: {
    list: "Files",
    queued: "Waiting",
    sending: (fraction: number) => `Sending, ${Math.round(fraction * 100)} %`,
    checking: "Checking",
    unpacking: (done: number, total: number) => (total ? `Taking in, ${common.of(done, total)}` : "Opening"),
    ready: "Ready",
    failed: "Not sent",
    refused: "Can’t be used",
    lost: "Choose it again",
    imported: "Taken in",
    main: "main",
    noProduct: "No product yet",
    retry: "Try again",
    retryOf: (name: string) => `Try ${name} again`,
    remove: "Remove from list",
    removeOf: (name: string) => `Remove ${name} from the list`,
    size: (width: number, height: number) => `${width} × ${height}`,
    members: (all: number) => `${files(all)} in it`,
    rows: (here: number, all: number) => `${count(here)} of ${count(all)} photos found`,
    allRows: (all: number) => `All ${count(all)} photos found`,
    missing: (names: string[], all: number) =>
      `Still missing: ${names.slice(0, 3).join(", ")}${all > 3 ? ` and ${count(all - 3)} more` : ""}. Add them, and the list goes for them too.`,
    unlisted: "Not in the list, so its product was found without it.",
    plans: "Styles and channels of the list are not taken over here: choose them for the batch.",
  },

  foot: {
    label: "What came of it",
    filter: "Show",
    all: (all: number) => `${count(all)} in all`,
    ready: (all: number) => `${count(all)} ready`,
    look: (all: number) => `${count(all)} ${all === 1 ? "needs" : "need"} a look`,
    bad: (all: number) => `${count(all)} can’t be used`,
    open: (all: number) => `${count(all)} to send`,
    batch: (all: number) => `Make a batch of ${common.photos(all)}`,
    none: "Make a batch",
    retryAll: (all: number) => `Retry all failed (${count(all)})`,
    emptyGroup: "Nothing here",
    emptyWords: { ready: "No photo is through yet.", look: "Nothing was found that needs a look.", bad: "Every file could be used.", open: "Everything is sent." },
    showAll: "Show all",
  },

  duplicates: {
    action: (all: number) => `Delete ${count(all)} ${all === 1 ? "duplicate" : "duplicates"}`,
    title: (all: number) => (all === 1 ? "Delete this duplicate?" : `Delete ${count(all)} duplicates?`),
    words: "These are the very same files as photos that were in your library before. Those stay; the copies that were just sent are deleted.",
    confirm: "Delete duplicates",
    done: "The duplicates are deleted.",
  },

  small: (side: number, limit: number, channels: string[]) =>
    `The longer side has ${count(side)} px. ${channels.join(" and ")} ${channels.length === 1 ? "asks" : "ask"} for ${count(limit)} px of the product alone.`,

  wrong: {
    unknown: { words: "It could not be sent.", remedy: "Try again." },
    broken: { words: "The connection broke off several times.", remedy: "Try again." },
    lost: { words: "It was not sent before the page was closed, and the browser had no room to keep it.", remedy: "Add the same file again." },
    moved: { words: "The file was moved or changed on your disk.", remedy: "Add it again." },
    unreadable: { words: "Your computer did not let this file be opened.", remedy: "Check that it is there and may be read." },
    list: "Put the list right and add it again, or take this out of the list.",
    cancelled: { words: "It was called off.", remedy: "What had been taken in by then stays." },
  },
  unread: {
    raw: { words: "This camera’s raw file is not read here.", remedy: "Export it as JPEG, PNG, WebP, AVIF, HEIC or TIFF." },
    layered: { words: "A layered file of a picture editor is not read here.", remedy: "Export it as JPEG, PNG or TIFF." },
    drawing: { words: "A drawing is not read here.", remedy: "Export it as PNG." },
    picture: { words: "This kind of picture is not read here.", remedy: "Export it as JPEG, PNG, WebP, AVIF, HEIC or TIFF." },
    archive: { words: "Only ZIP archives are opened.", remedy: "Unpack it and drop the folder, or pack it as ZIP." },
    sheet: { words: "A spreadsheet is not read here.", remedy: "Save it as CSV." },
    other: { words: "This is no photo.", remedy: "" },
  },
};
