/** The API's client, typed by its OpenAPI file (schema.d.ts is generated; `npm run schema`). */
import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { ProblemDetails } from "./types";

const NONE: Omit<ProblemDetails, "status"> = { type: "about:blank", title: "", detail: "", code: "", subject: "", remedy: "", errors: [], reference: "" };

/** What went wrong, in words for people. `status` 0: the service was not reached. */
export class ApiError extends Error {
  readonly problem: ProblemDetails;
  constructor(problem: Partial<ProblemDetails> & { status: number }) {
    super(problem.detail || problem.title);
    this.problem = { ...NONE, ...problem };
  }
  get status(): number {
    return this.problem.status;
  }
  /** What the studio decides on: never the words, which are for people. */
  get code(): string {
    return this.problem.code;
  }
}

let csrf = "";
export function setCsrf(token: string): void {
  csrf = token;
}
export function csrfHeader(): Record<string, string> {
  return csrf ? { "X-CSRF-Token": csrf } : {};
}

const UNREACHED = { status: 0, code: "unreached" };

export const api = createClient<paths>({
  baseUrl: "/",
  credentials: "same-origin",
  fetch: async (request) => {
    if (csrf) request.headers.set("X-CSRF-Token", csrf);
    try {
      return await fetch(request);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ApiError(UNREACHED);
    }
  },
});

/** The answer, or an ApiError: `const page = await got(api.GET("/api/v1/batches"))`. */
export async function unwrap<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await request;
  if (!response.ok) throw new ApiError({ ...UNREACHED, ...(error as Partial<ProblemDetails> | undefined), status: response.status });
  return data as T;
}

/** Sends a form with a file and reports its progress, which fetch cannot do. fraction: 0 to 1. */
export function upload<T>(
  path: string, form: FormData, options: { signal?: AbortSignal; progress?: (fraction: number) => void; key?: string } = {},
): Promise<{ status: number; data: T }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(csrfHeader())) request.setRequestHeader(name, value);
    if (options.key) request.setRequestHeader("Idempotency-Key", options.key);
    request.upload.onprogress = (event) => event.lengthComputable && options.progress?.(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(UNREACHED));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () => {
      let body: unknown = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        /* no JSON: a proxy's own page */
      }
      if (request.status >= 200 && request.status < 300) resolve({ status: request.status, data: body as T });
      else reject(new ApiError({ ...UNREACHED, ...(body as Partial<ProblemDetails> | null), status: request.status }));
    };
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
