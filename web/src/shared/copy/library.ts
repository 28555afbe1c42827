// What the library and a product's page say.
const many = (count: number, one: string, more: string) => `${count.toLocaleString()} ${count === 1 ? one : more}`;
const products = (count: number) => many(count, "product", "products");
const photos = (count: number) => many(count, "photo", "photos");

export const library = {
  title: "Library",
  search: "Search by SKU, title, GTIN or ASIN",
  searchPhotos: "Search by file name",
  newProduct: "New product",
  upload: "Upload photos",
  size: "Size of the pictures",

  places: {
    label: "Places",
    all: "All products",
    unsorted: "Unsorted",
    unassigned: "Photos without a product",
    kinds: { collection: "Collections", season: "Seasons", category: "Categories" },
    add: { collection: "New collection", season: "New season", category: "New category" },
    addInside: { collection: "New collection inside", season: "New season inside", category: "New category inside" },
    none: { collection: "No collections yet", season: "No seasons yet", category: "No categories yet" },
    makeIt: { collection: "Make it a collection", season: "Make it a season", category: "Make it a category" },
    name: "Name",
    rename: "Rename",
    move: "Move to …",
    batch: "Make a batch",
    remove: "Delete",
    actions: (name: string) => `What to do with ${name}`,
    open: (name: string) => `Open ${name}`,
    close: (name: string) => `Close ${name}`,
    inside: (name: string, count: number) => `${name} ${products(count)}`,
    top: "At the top",
    removeTitle: (name: string) => `Delete “${name}”?`,
    removeWords: (count: number, inside: number) =>
      [
        count > 0 ? `Its ${products(count)} stay in the library.` : "There are no products in it.",
        inside > 0 ? "What is inside it moves up." : "",
      ].filter(Boolean).join(" "),
    created: (name: string) => `“${name}” is made.`,
    renamed: (name: string) => `It is called “${name}” now.`,
    moved: (name: string) => `“${name}” has moved.`,
    removed: (name: string) => `“${name}” is deleted.`,
    dropOn: "Drop on a collection, a season or a category.",
  },

  filters: { label: "Show", all: "All", flagged: "Needs a look", noPhotos: "Without photos" },
  count: products,
  countPhotos: photos,
  sort: { label: (by: string) => `Sorted by: ${by}`, by: { newest: "Newest", sku: "SKU", title: "Title" } },
  loadingMore: "Loading more …",

  card: {
    angles: (count: number) => (count === 0 ? "No photos" : photos(count)),
    /** After the number itself. */
    ofPhotos: (count: number) => (count === 1 ? "photo" : "photos"),
    select: (name: string) => `Select ${name}`,
    untitled: "Untitled",
    flagged: (count: number) => (count === 1 ? "thing to look at" : "things to look at"),
  },

  selection: {
    label: "What to do with the selection",
    move: "Move to …",
    add: "Add to …",
    takeOut: (name: string) => `Take out of ${name}`,
    takeOutShort: "Take out",
    batch: "Make a batch",
    remove: "Delete",
    clear: "Clear the selection",
    all: "Select all",
    assign: "Assign to a product …",
    make: "Make a product",
    announced: (count: number) => `${count.toLocaleString()} selected`,
    noPhotos: "None of these has a photo yet.",
  },

  pick: {
    move: (count: number) => `Move ${products(count)} to …`,
    add: (count: number) => `Add ${products(count)} to …`,
    place: (name: string) => `Move “${name}” to …`,
    filter: "Find a place",
    none: "No place of that name.",
    empty: "There are no collections yet. Make the first one.",
    make: (name: string) => `New collection “${name}”`,
    here: "they are here",
  },

  done: {
    added: (count: number, name: string) => `${products(count)} added to “${name}”.`,
    moved: (count: number, name: string) => `${products(count)} moved to “${name}”.`,
    out: (count: number, name: string) => `${products(count)} taken out of “${name}”.`,
    nothing: (name: string) => `They are in “${name}” already.`,
    undone: "Undone.",
    removed: (count: number) => `${products(count)} deleted.`,
    removedPhotos: (count: number) => `${photos(count)} deleted.`,
    assigned: (count: number, name: string) => `${photos(count)} assigned to ${name}.`,
    productCreated: (name: string) => `${name} is in the library.`,
    someFailed: (count: number) => `${count.toLocaleString()} could not be deleted.`,
  },

  remove: {
    title: (count: number) => (count === 1 ? "Delete this product?" : `Delete ${products(count)}?`),
    words: (count: number, pictures: number) =>
      `${pictures > 0 ? `${photos(pictures)} ${pictures === 1 ? "goes" : "go"} with ${count === 1 ? "it" : "them"}. ` : ""}` +
      `Batches made of ${count === 1 ? "it" : "them"}, and files already delivered, stay. This cannot be undone.`,
    photosTitle: (count: number) => (count === 1 ? "Delete this photo?" : `Delete ${photos(count)}?`),
    photosWords: "What was made of it stays. This cannot be undone.",
    action: "Delete",
  },

  product: {
    title: "New product",
    fromPhotos: (count: number) => (count === 1 ? "The photo becomes its main photo." : `Its ${photos(count)}: the first one becomes the main photo.`),
    sku: "SKU", skuHelp: "Unique in your workspace.", name: "Title", gtin: "GTIN", asin: "ASIN", category: "Category",
    optional: "Optional",
    into: (name: string) => `Put it into “${name}”`,
    action: "Make the product",
  },

  assign: {
    title: (count: number) => `Assign ${photos(count)} to a product`,
    search: "SKU or title",
    none: "No product of that name.",
    make: "Make a new product",
  },

  peek: { of: (name: string) => `${name}, enlarged` },

  empty: {
    all: "There are no products yet", allWords: "Upload photos, and products appear by their SKU.",
    place: (name: string) => `There is nothing in “${name}” yet`, placeWords: "Drag products here, or use “Add to …”.", placeAction: "Show all products",
    search: (words: string) => `Nothing found for “${words}”`, searchWords: "Try a part of the SKU or of the title.", searchAction: "Clear the search",
    flagged: "Nothing needs a look", flaggedWords: "No photo here has anything to be said about it.",
    noPhotos: "Every product has a photo", noPhotosWords: "Nothing is missing here.",
    unsorted: "Everything is sorted", unsortedWords: "Each product is in a collection, a season or a category.",
    unassigned: "Every photo has its product", unassignedWords: "Photos that come without a SKU wait here.",
    showAll: "Show all",
  },
};

export const productPage = {
  title: "Product",
  back: "Library",
  batch: "Make a batch",
  more: "More",
  remove: "Delete the product",
  removed: (name: string) => `${name} is deleted.`,
  facts: "Product",
  fields: library.product,
  empty: "—",
  saved: (field: string) => `${field} saved.`,
  stale: "Somebody changed this meanwhile. It has been loaded again.",

  strip: "Angles",
  add: "Add photos",
  dropNow: "Drop them to add them to this product",
  notAdded: (name: string) => `“${name}” was not taken.`,
  added: (count: number) => `${photos(count)} added.`,
  noPhotos: "There are no photos of this product yet",
  noPhotosWords: "Drop them here, or choose them. The first one becomes the main photo.",
  picture: (role: string, name: string) => `${role}: ${name}`,
  ordered: (role: string, at: number, of: number) => `${role} is ${at} of ${of} now.`,

  view: { label: "Show", photo: "Photo", cutout: "Cut-out" },
  cutting: "Cutting out …",
  cut: "Cut it out",
  notCut: "Not cut out yet",
  notCutWords: "It is cut out with its first batch, or now.",
  cutoutOf: (name: string) => `${name}, cut out`,
  notShown: "This format cannot be shown here at full size. What you see is a preview.",

  photo: {
    label: "This photo",
    role: "Role",
    name: "File name",
    earlier: "Move earlier", later: "Move later",
    main: "Make it the main photo",
    replace: "Replace file",
    replaced: "The file is replaced. Open work with this photo is made anew.",
    original: "Open the original",
    takeOut: "Take out of the product",
    removedFromProduct: "It waits under “Photos without a product”.",
    remove: "Delete the photo",
    actions: "What to do with this photo",
    fine: "No issues found",
    size: (width: number, height: number) => `${width} × ${height} px`,
    profile: (name: string) => name || "no colour profile",
  },
  roles: { main: "Main" },
  roleIdeas: ["main", "angle 2", "angle 3", "front", "back", "side", "top", "detail", "swatch", "packaging", "in use"],

  collections: "Collections",
  noCollections: "In no collection yet.",
  addTo: "Add to …",
  takeOutOf: (name: string) => `Take out of ${name}`,

  results: "Recent results",
  noResults: "Nothing has been made of it yet.",
};

/** "main" as "Main", "angle 2" as "Angle 2". */
export const roleWords = (role: string): string => role.charAt(0).toUpperCase() + role.slice(1);
