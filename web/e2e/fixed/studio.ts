/** The built studio from a small server, its service answered from `answers.ts`, its clock at rest. */
import { test as base, type Page, type Route } from "@playwright/test";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { answers, type Answers, type ServiceRequest } from "./answers";
import { NOW } from "./library";
import { draw, type Pictures } from "./pictures";

const BUILT = join(import.meta.dirname, "../../../src/packshot/studio");
const TYPES: Record<string, string> = {
  ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".jpg": "image/jpeg",
};

/** Every address that is no file is the page, as `packshot serve` does it. A socket is refused. */
async function serve(): Promise<{ address: string; close: () => void }> {
  if (!existsSync(join(BUILT, "index.html"))) throw new Error("The studio is not built: npx vite build");
  const server = createServer((request, response) => {
    const path = join(BUILT, normalize(new URL(request.url ?? "/", "http://studio").pathname));
    const file = path.startsWith(BUILT) && extname(path) && existsSync(path) ? path : join(BUILT, "index.html");
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" }).end(readFileSync(file));
  });
  server.on("upgrade", (_, socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** The answer for a request: by its path, with each id as ":". */
function answerFor(all: Answers, method: string, at: string[]): Answers[string] | undefined {
  const exact = all[`${method} /${at.join("/")}`];
  return exact ?? all[`${method} /${at.map((part, place) => (place % 2 ? ":" : part)).join("/")}`];
}

async function reply(route: Route, all: Answers, pictures: Pictures): Promise<void> {
  const request = route.request();
  const url = new URL(request.url());
  const at = url.pathname.replace("/api/v1/", "").split("/");
  if (at[0] === "files" || at[2] === "cutout") {
    const picture = pictures.get(at[2] === "cutout" ? "transparent-bottle" : (at[1] ?? ""));
    return picture ? route.fulfill({ body: picture.body, contentType: picture.type }) : route.fulfill({ status: 404, json: {} });
  }
  const answer = answerFor(all, request.method(), at);
  if (!answer) throw new Error(`Nothing is fixed for ${request.method()} ${url.pathname}`);
  const type = request.headers()["content-type"] ?? "";
  const body: unknown = type.includes("json") ? request.postDataJSON() : (request.postDataBuffer()?.toString("latin1") ?? null);
  const content = answer({ at, query: url.searchParams, body } satisfies ServiceRequest);
  if (content === undefined) return; // no answer ever comes
  const status = content !== null && typeof content === "object" && "detail" in content && "status" in content ? Number(content.status) : 200;
  await route.fulfill({ status, json: content });
}

export type Open = (path: string, options?: { answers?: Answers; online?: boolean; stored?: Record<string, string> }) => Promise<void>;
type Each = { open: Open };
type Whole = { studio: { address: string; pictures: Pictures } };

export const test = base.extend<Each, Whole>({
  studio: [
    async ({ browser }, use) => {
      const { address, close } = await serve();
      await use({ address, pictures: await draw(browser, !process.env.LOOK) });
      close();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  open: async ({ page, studio }, use) => {
    await use(async (path, { answers: own = {}, online = true, stored = {} } = {}) => {
      await page.clock.setFixedTime(NOW);
      await page.route("**/api/v1/**", (route) => reply(route, { ...answers, ...own }, studio.pictures));
      if (online) await page.routeWebSocket(/\/api\/v1\/events/, () => undefined);
      await page.addInitScript((values) => {
        for (const [name, value] of Object.entries(values)) localStorage.setItem(name, value);
      }, stored);
      await page.goto(`${studio.address}${path}`);
    });
  },
});

/** The pictures of the screen are loaded and decoded. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.fonts.status === "loaded" && [...document.images].every((one) => one.complete || one.loading === "lazy") && !document.querySelector("[aria-busy=true]"));
}
