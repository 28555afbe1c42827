/** An upload engine on a service in memory, for the tests of its parts. */
import { vi } from "vitest";
import type { ListView, Photo } from "~/api/types";
import type { Entry } from "~/features/upload/engine/entry";
import { forgetListeners } from "./live";
import { reloadPage } from "./page";
import { type Call, Service } from "./service";

export const WHO = "wsp_shop usr_olivia";
const immediate = setImmediate;
/** Until everything that needs no time has happened: promises, and files that are read. */
export async function settle(): Promise<void> {
  for (let times = 0; times < 15; times += 1) {
    await new Promise((resolve) => immediate(resolve));
    await vi.advanceTimersByTimeAsync(0);
  }
}
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

export const photo = (id: string, more: Partial<Photo> = {}): Photo => ({
  id, product_id: null, role: "main", position: 0, name: `${id}.jpg`, format: "JPEG", width: 3000, height: 2000, bytes: 9, profile: "", sha256: "", findings: [], thumb: `/thumb/${id}`, original: "",
  matte_version: 0, revision: 1, created_at: "", updated_at: "", ...more,
});

export const file = (path: string, content = path): { file: File; path: string } =>
  ({ path, file: new File([content], path.split("/").at(-1) ?? path, { lastModified: 1_700_000_000_000 }) });

export const service = new Service();
/** Of the photos that were sent: name, SKU, role, collection and key, in order. */
export const uploads = (): { name: string; sku: string; role: string; collection: string; key: string }[] =>
  service.to("POST /images").map(({ body, headers }) => {
    const form = body as FormData;
    const text = (field: string): string => String(form.get(field) ?? "");
    return { name: (form.get("file") as File).name, sku: text("sku"), role: text("role"), collection: text("collection_id"), key: headers.get("Idempotency-Key") ?? "" };
  });
export const nameIn = (call: Call): string => ((call.body as FormData).get("file") as File).name;

const FIELDS = ["sku", "file", "url", "gtin", "asin", "title", "role", "style", "channel", "priority"] as const;
/** As the service reads a list, of commas without quotation marks. A SKU with E+ in it was shortened. */
export async function listIn({ body }: Call): Promise<ListView> {
  const form = body as FormData;
  const given = JSON.parse(String(form.get("columns") ?? "{}")) as Record<string, string>;
  const [head = [], ...lines] = (await (form.get("file") as File).text()).split("\n").map((line) => line.split(","));
  const columns = head.map((name, at) => ({
    name, remembered: false, values: lines.flatMap((cells) => cells[at] || []).slice(0, 3),
    means: given[name] ?? FIELDS.find((field) => field === name.toLowerCase()) ?? null,
  }));
  const cell = (cells: string[], field: string): string => cells[columns.findIndex((column) => column.means === field)] ?? "";
  const rows = lines.map((cells, at) => ({
    number: at + 2, ...(Object.fromEntries(FIELDS.map((field) => [field, cell(cells, field)])) as Record<(typeof FIELDS)[number], string>),
    problem: cell(cells, "sku").includes("E+") ? { words: "the spreadsheet shortened this number.", remedy: "Enter it again." } : null,
  }));
  const means = columns.map((column) => column.means);
  return { columns, fields: [...FIELDS], lacks: [...(means.includes("sku") ? [] : ["sku"]), ...(means.includes("file") || means.includes("url") ? [] : ["file"])], rows, notes: [] };
}

type Engine = typeof import("~/features/upload/engine");
type Store = (typeof import("~/features/upload/engine/store"))["store"];

/** The page as it is opened: the engine with what the browser has stored. */
export async function openEngine(who = WHO): Promise<{ engine: Engine; store: Store; add: (...files: { file: File | null; path: string }[]) => ReturnType<Engine["add"]>; entry: (name: string) => Entry | undefined; states: () => Record<string, string> }> {
  reloadPage();
  forgetListeners();
  service.on("GET /channels", () => ({ items: [] }));
  service.on("POST /lists", listIn);
  const engine = await import("~/features/upload/engine");
  const { store } = await import("~/features/upload/engine/store");
  void engine.start(who);
  await settle();
  const entry = (name: string) => store.all().find((one) => one.path.endsWith(name));
  return {
    engine, store, entry,
    add: async (...files) => {
      const tally = engine.add(files);
      await settle();
      return tally;
    },
    states: () => Object.fromEntries(store.all().map((one) => [one.path, one.state])),
  };
}
