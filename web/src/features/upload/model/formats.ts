/** What counts as a photo, a list, an archive; by the name alone, the same as the service's own rules (intake/source.py). */
const PHOTOS = new Set(["jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "heic", "heif", "hif", "tif", "tiff",
  "dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "pef", "srw"]);
const LISTS = new Set(["csv", "tsv"]);
const RAW = new Set(["x3f"]);
const LAYERED = new Set(["psd", "psb", "xcf"]);
const DRAWINGS = new Set(["svg", "svgz", "eps", "ai"]);
const OTHER_PICTURES = new Set(["gif", "bmp", "jxl", "jp2"]);
const ARCHIVES = new Set(["rar", "7z", "tar", "gz", "tgz", "bz2", "xz"]);
const SHEETS = new Set(["xls", "xlsx", "ods", "numbers"]);
const LITTER = new Set(["__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"]);

export const suffixOf = (name: string): string => /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";

export type Unread = "raw" | "layered" | "drawing" | "picture" | "archive" | "sheet" | "other";
export type Sort = "photo" | "zip" | "list" | Unread | "litter";

/** A name without a suffix is a photo's, until the service has looked into the file. */
export function sortOf(path: string): Sort {
  if (path.split("/").some((part) => part.startsWith(".") || LITTER.has(part.toLowerCase()))) return "litter";
  const suffix = suffixOf(path);
  if (!suffix || PHOTOS.has(suffix)) return "photo";
  if (suffix === "zip") return "zip";
  if (LISTS.has(suffix)) return "list";
  if (RAW.has(suffix)) return "raw";
  if (LAYERED.has(suffix)) return "layered";
  if (DRAWINGS.has(suffix)) return "drawing";
  if (OTHER_PICTURES.has(suffix)) return "picture";
  if (ARCHIVES.has(suffix)) return "archive";
  return SHEETS.has(suffix) ? "sheet" : "other";
}

/** What the file dialog offers. */
export const ACCEPTED = [...PHOTOS, "zip", ...LISTS].map((suffix) => `.${suffix}`).join(",");
