/** A service in memory: handlers by "METHOD /path", behind fetch and XMLHttpRequest. What it was sent is in `calls`. */
import { afterEach, expect } from "vitest";

export type Call = { method: string; path: string; at: string[]; query: URLSearchParams; headers: Headers; body: unknown };
type Handler = (call: Call) => unknown;

/** An answer with another status than 200. */
export class Reply {
  constructor(readonly status: number, readonly body: unknown = {}) {}
}
export const problem = (status: number, code: string, more: object = {}): Reply => new Reply(status, { status, code, title: "", detail: "", remedy: "", ...more });
/** Thrown by a handler: the service is not reached. */
export class Away extends Error {}

export class Service {
  readonly calls: Call[] = [];
  /** Uploads wait for it before their last byte. */
  bytes: Promise<void> = Promise.resolve();
  private handlers = new Map<string, Handler>();
  private unexpected: string[] = [];

  constructor() {
    Object.assign(globalThis, { fetch: this.fetch, XMLHttpRequest: requestClass(this) });
    afterEach(() => {
      expect(this.unexpected.splice(0), "requests without a handler").toEqual([]);
      this.calls.length = 0;
      this.bytes = Promise.resolve();
      this.handlers.clear();
    });
  }

  /** route: "POST /review", "GET /items/:"; a later handler replaces an earlier one. */
  on(route: string, handler: Handler): void {
    this.handlers.set(route, handler);
  }
  /** What was sent to a route, in order. */
  to(route: string): Call[] {
    return this.calls.filter((call) => isOn(route, call));
  }

  async answer(method: string, url: URL, headers: Headers, body: unknown): Promise<Reply> {
    if (url.origin !== location.origin) this.unexpected.push(url.href);
    const path = url.pathname.replace("/api/v1", "");
    const call: Call = { method, path, at: path.split("/").slice(1), query: url.searchParams, headers, body };
    this.calls.push(call);
    const [, handler] = [...this.handlers].filter(([route]) => isOn(route, call)).sort(([a], [b]) => wildcards(a) - wildcards(b))[0] ?? [];
    if (!handler) {
      this.unexpected.push(`${method} ${path}`);
      return problem(501, "unexpected");
    }
    const answer = await handler(call);
    return answer instanceof Reply ? answer : new Reply(200, answer);
  }

  private fetch = async (input: Request | string | URL, init: RequestInit = {}): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.href), init);
    request.signal.throwIfAborted();
    const text = await request.text();
    const reply = await Promise.race([this.answer(request.method, new URL(request.url), request.headers, request.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : text || null), aborted(request.signal)])
      .catch((error: unknown) => {
        throw error instanceof Away ? new TypeError("Failed to fetch") : error;
      });
    return reply.body instanceof Blob ? new Response(reply.body, { status: reply.status }) : Response.json(reply.body, { status: reply.status });
  };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));

/** Whether a route, "GET /items/:", is that of the call. Of several, the one that names the most parts answers. */
function isOn(route: string, { method, at }: Call): boolean {
  const [verb, ...parts] = route.split(/ ?\//);
  return verb === method && parts.length === at.length && parts.every((part, place) => part === ":" || part === at[place]);
}
const wildcards = (route: string): number => route.split(":").length;

/** An upload: its bytes move, once `service.bytes` resolves, then the service answers. */
const requestClass = (service: Service) =>
  class {
    upload: { onprogress?: (event: { lengthComputable: boolean; loaded: number; total: number }) => void } = {};
    onload?: () => void;
    onerror?: () => void;
    onabort?: () => void;
    status = 0;
    responseText = "";
    private method = "";
    private url = new URL(location.href);
    private headers = new Headers();
    private ended = false;

    open(method: string, path: string): void {
      [this.method, this.url] = [method, new URL(path, location.href)];
    }
    setRequestHeader(name: string, value: string): void {
      this.headers.set(name, value);
    }
    async send(form: FormData): Promise<void> {
      const progress = (loaded: number): void => this.upload.onprogress?.({ lengthComputable: true, loaded, total: 2 });
      progress(1);
      await service.bytes;
      if (this.ended) return;
      progress(2);
      const reply = await service.answer(this.method, this.url, this.headers, form).catch(() => null);
      if (this.ended) return;
      this.ended = true;
      if (!reply) return this.onerror?.();
      [this.status, this.responseText] = [reply.status, JSON.stringify(reply.body)];
      this.onload?.();
    }
    abort(): void {
      if (this.ended) return;
      this.ended = true;
      this.onabort?.();
    }
  };

/** A promise that the test resolves: for an answer that takes its time. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
