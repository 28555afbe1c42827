/** What the studio's stores and engines use of a browser, for tests that run without one. Set up before each test file. */
import { define, openPage } from "./page";

class MemoryStorage implements Storage {
  private values = new Map<string, string>();
  get length(): number {
    return this.values.size;
  }
  clear = (): void => this.values.clear();
  getItem = (name: string): string | null => this.values.get(name) ?? null;
  key = (at: number): string | null => [...this.values.keys()][at] ?? null;
  removeItem = (name: string): void => void this.values.delete(name);
  setItem = (name: string, value: string): void => void this.values.set(name, value);
}

/** Addresses count from the page, which node's own Request does not know. */
class PageRequest extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === "string" ? new URL(input, location.href) : input, init);
  }
}

define("location", new URL("http://studio.test/"));
define("localStorage", new MemoryStorage());
define("sessionStorage", new MemoryStorage());
define("navigator", {});
define("Request", PageRequest);
openPage();
