/** Failures by cause, in plain words; each cause can be retried by itself. */
import { Button } from "@mantine/core";
import { IconRotateClockwise } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import { announce } from "~/shared/announce";
import { batches } from "~/shared/copy/batches";
import { sentence } from "~/shared/errors";
import { notifyError } from "~/shared/notify";
import css from "./side.module.css";

const copy = batches.one;
const NAMED = 3;

export function Failures({ batch, count, cancelled }: { batch: string; count: number; cancelled: boolean }) {
  const client = useQueryClient();
  const failures = useQuery({
    queryKey: [...keys.failures, batch, count],
    queryFn: () => unwrap(api.GET("/api/v1/failures", { params: { query: { batch, limit: 200 } } })),
    enabled: count > 0,
    placeholderData: (old) => old,
  });
  const retry = useMutation({
    mutationFn: async (cause: string | null) => {
      let sum = 0;
      for (;;) {
        const done = await unwrap(api.POST("/api/v1/failures/retry", { body: { batch, items: [], jobs: [], ...(cause ? { cause } : {}) } }));
        sum += done.items;
        if (done.left <= 0 || done.items === 0) return sum;
      }
    },
    onSuccess: (sum) => {
      announce(copy.retried(sum));
      for (const key of [keys.failures, keys.batch(batch), ["sheet", batch]]) void client.invalidateQueries({ queryKey: key });
    },
    onError: notifyError,
  });
  if (count === 0) return null;
  const groups = failures.data?.groups ?? [];
  const whole = failures.data?.next_cursor === null; // one photo may have failed in several styles
  return (
    <section className={css.block} aria-label={copy.failures(count)}>
      <h2>{copy.failures(count)}</h2>
      <p className="soft small">{copy.failuresWords}</p>
      <ul className={css.list}>
        {groups.map((group) => {
          const cause = batches.causes[group.cause];
          const title = cause?.title ?? sentence(group.reason);
          const names = [...new Set(failures.data?.items.filter((one) => one.cause === group.cause).map((one) => one.name))];
          return (
            <li key={group.cause} className={css.cause} data-tone="no">
              <div className={css.line}><strong>{title}</strong><span className="num soft">{group.count.toLocaleString()}</span></div>
              {(cause?.words || (cause && group.reason)) && <p className="small">{cause.words || sentence(group.reason)}</p>}
              {names.length > 0 && <p className="soft small" style={{ overflowWrap: "anywhere" }}>{copy.names(names.slice(0, NAMED), Math.max(0, (whole ? names.length : group.count) - NAMED))}</p>}
              {!cancelled && (
                <Button
                  size="xs" variant="default" leftSection={<IconRotateClockwise size={14} aria-hidden />} aria-label={copy.retryOf(title)}
                  loading={retry.isPending && retry.variables === group.cause} onClick={() => retry.mutate(group.cause)}
                >
                  {copy.retry}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {groups.length > 1 && !cancelled && (
        <Button variant="default" loading={retry.isPending && retry.variables === null} onClick={() => retry.mutate(null)}>{copy.retryAll(count)}</Button>
      )}
    </section>
  );
}
