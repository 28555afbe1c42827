/** An upload engine on a service in memory, for the tests of its parts. */
import { vi } from "vitest";
import type { Photo } from "~/api/types";
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

type Engine = typeof import("~/features/upload/engine");
type Store = (typeof import("~/features/upload/engine/store"))["store"];

/** The page as it is opened: the engine with what the browser has stored. */
export async function openEngine(who = WHO): Promise<{ engine: Engine; store: Store; add: (...files: { file: File | null; path: string }[]) => ReturnType<Engine["add"]>; entry: (name: string) => Entry | undefined; states: () => Record<string, string> }> {
  reloadPage();
  forgetListeners();
  service.on("GET /channels", () => ({ items: [] }));
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
