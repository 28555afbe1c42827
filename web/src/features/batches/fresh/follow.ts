/** Follow a run to its end: the live messages say when to look again, and every other second somebody does anyway. */
import { api, ApiError, got, type Schemas } from "~/api/client";
import { live } from "~/shared/live";

export type Run = Schemas["RunView"];
const EVERY_MS = 2_000;

export async function follow(first: Run, options: { signal?: AbortSignal; seen?: (run: Run) => void }): Promise<Run> {
  let run = first;
  for (;;) {
    options.seen?.(run);
    if (run.status === "done") return run;
    if (run.status === "failed" || run.status === "cancelled") {
      const told = run.error;
      throw new ApiError({ status: told?.status ?? 422, title: told?.title ?? "", detail: told?.detail ?? "", subject: told?.subject, code: told?.code ?? run.status, remedy: told?.remedy ?? "", reference: "" });
    }
    await news(run.id, options.signal);
    run = await got(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: run.id } }, signal: options.signal }));
  }
}

function news(run: string, signal?: AbortSignal): Promise<void> {
  return new Promise((told, failed) => {
    const end = (act: () => void) => () => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener("abort", away);
      act();
    };
    const timer = setTimeout(() => end(told)(), EVERY_MS);
    const stop = live.listen((message) => message.run === run && end(told)());
    const away = end(() => failed(new DOMException("stopped", "AbortError")));
    signal?.addEventListener("abort", away);
  });
}
