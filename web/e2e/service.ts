/** A real service with real workers, in a folder of its own, and an S3 server: nothing is mocked. */
import { test as base, type Page } from "@playwright/test";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BIN = join(import.meta.dirname, "../../.venv/bin");
export const SAMPLES = join(import.meta.dirname, "../../samples");
export const PHOTOS = join(import.meta.dirname, "../../../shared/photos");
export const OWNER = { name: "Olivia Reyes", email: "owner@shop.example", password: "a long password" };

export const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

export async function until<T>(holds: () => Promise<T | false | undefined> | T | false | undefined, seconds = 60, what = "it"): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await Promise.resolve().then(holds).catch(() => undefined);
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not come about within ${seconds} s`);
    await new Promise((soon) => setTimeout(soon, 150));
  }
}

export class Service {
  readonly folder = mkdtempSync(join(tmpdir(), "packshot-e2e-"));
  address = "";
  key = "";
  private port = 0;
  private process: ChildProcess | null = null;

  constructor(private settings: Record<string, string> = {}) {}

  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  async start(): Promise<void> {
    this.port ||= await freePort();
    this.address = `http://127.0.0.1:${this.port}`;
    const out = openSync(join(this.folder, "log"), "a");
    const before = existsSync(join(this.folder, "log")) ? this.log.length : 0;
    this.process = spawn(join(BIN, "packshot"), ["serve", "--data", join(this.folder, "data"), "--port", String(this.port)], {
      stdio: ["ignore", out, out], env: { ...process.env, ...this.settings }, detached: true,
    });
    await until(() => this.log.slice(before).includes("Packshot serves"), 60, "the service");
  }

  /** The first-login link, as the service prints it. */
  get link(): string {
    return /First sign-in: (\S+)/.exec(this.log)?.[1] ?? "";
  }

  async stop(word: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const pid = this.process?.pid;
    if (!pid) return;
    const gone = new Promise((done) => this.process?.once("exit", done));
    // -9 takes the whole group, as a power cut would: without a warning.
    process.kill(word === "SIGKILL" ? -pid : pid, word);
    await gone;
    this.process = null;
  }

  async api<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const form = body instanceof FormData;
    const send = () => fetch(`${this.address}/api/v1${path}`, {
      method, headers: { Authorization: `Bearer ${this.key}`, ...(body && !form ? { "Content-Type": "application/json" } : {}), ...headers },
      body: form ? body : body ? JSON.stringify(body) : undefined,
    });
    const answer = await send().catch(send); // a connection that was open for too long is closed under it
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  /** Creates the owner without the browser, and an API key to look behind the screens with. */
  async owner(): Promise<void> {
    const token = new URL(this.link).searchParams.get("token");
    const accepted = await fetch(`${this.address}/api/v1/invites/accept`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token, ...OWNER }),
    });
    const { csrf } = (await accepted.json()) as { csrf: string };
    const cookie = accepted.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
    const key = await fetch(`${this.address}/api/v1/keys`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, Cookie: cookie },
      body: JSON.stringify({ name: "journey", scopes: ["read", "write", "review", "admin"] }),
    });
    this.key = ((await key.json()) as { key: string }).key;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function signIn(page: Page, service: Service, who: { email: string; password: string } = OWNER): Promise<void> {
  await page.goto(`${service.address}/sign-in`);
  await page.getByLabel("Email").fill(who.email);
  await page.getByRole("textbox", { name: "Password" }).fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** moto's server speaks S3. */
export async function s3(bucket: string): Promise<{ endpoint: string; end: () => void; keys: () => Promise<string[]> }> {
  const port = await freePort();
  const server = spawn(join(BIN, "python"), ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${endpoint}/${bucket}`, { method: "PUT" })).ok, 40, "the S3 server");
  return {
    endpoint,
    end: () => void server.kill(),
    keys: async () => [...(await (await fetch(`${endpoint}/${bucket}?list-type=2`)).text()).matchAll(/<Key>([^<]+)<\/Key>/g)].map((one) => one[1]!),
  };
}

/** A service for all tests of a file. */
export const withService = (settings: Record<string, string> = {}) =>
  base.extend<object, { service: Service }>({
    service: [
      async ({}, use) => {
        const service = new Service(settings);
        await service.start();
        await service.owner();
        await use(service);
        await service.end();
      },
      { scope: "worker", timeout: 120_000 },
    ],
  });
