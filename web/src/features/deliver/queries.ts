import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { ExportPlan, ExportRequest, Item } from "~/api/types";

export type Kind = "zip" | "folder" | "s3";
export type To = ExportRequest["to"];

const paged = { initialPageParam: undefined as string | undefined, getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined };

export const batchPages = () =>
  infiniteQueryOptions({
    queryKey: [...keys.batches, "pages"],
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/v1/batches", { params: { query: { cursor: pageParam, limit: 100 } } })),
    ...paged,
  });

/** The finished picture; the photo where there is none. */
export const pictureOf = (item: Item | undefined): string => item?.after || item?.thumb || "";

/** The first approved picture of a batch. */
export const coverOf = (batch: string) =>
  queryOptions({
    queryKey: [...keys.items(batch), "face"],
    queryFn: async () => {
      const page = await unwrap(api.GET("/api/v1/batches/{batch_id}/items", { params: { path: { batch_id: batch }, query: { status: ["approved"], limit: 1 } } }));
      return pictureOf(page.items[0]);
    },
    staleTime: 5 * 60_000,
  });

/** All items of a batch, page by page: their pictures and names are shown with its files. */
export const itemPages = (batch: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.items(batch), "deliver"],
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/batches/{batch_id}/items", { params: { path: { batch_id: batch }, query: { cursor: pageParam, limit: 200 } } })),
    ...paged,
    staleTime: 30_000,
  });

/** Which files would go. `approved` is only in the key: the plan is loaded again when more are approved. */
export const plan = (batch: string, channels: string[] | null, approved: number) =>
  queryOptions({
    queryKey: [...keys.exports, "plan", batch, channels, approved],
    queryFn: async () =>
      (await unwrap(api.POST("/api/v1/exports", { body: { batch, channels, to: { kind: "zip" }, dry_run: true } }))) as ExportPlan,
    staleTime: 15_000,
  });

export const exportPages = () =>
  infiniteQueryOptions({
    queryKey: [...keys.exports, "list"],
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/v1/exports", { params: { query: { cursor: pageParam, limit: 50 } } })),
    ...paged,
  });

export const oneExport = (id: string) =>
  queryOptions({
    queryKey: [...keys.exports, "one", id],
    queryFn: async () => (await unwrap(api.GET("/api/v1/exports/{export_id}", { params: { path: { export_id: id }, query: { limit: 1 } } }))).export,
  });

// Not under `exports`: each live message would reload every page.
export const filesKey = (id: string) => ["export-files", id] as const;
export const exportFiles = (id: string) =>
  infiniteQueryOptions({
    queryKey: filesKey(id),
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/exports/{export_id}", { params: { path: { export_id: id }, query: { cursor: pageParam, limit: 200 } } })),
    ...paged,
  });

export const destinationsKey = ["destinations"] as const;
export const destinations = () =>
  queryOptions({
    queryKey: destinationsKey,
    queryFn: async () => (await unwrap(api.GET("/api/v1/destinations", { params: { query: { limit: 200 } } }))).items,
    staleTime: 60_000,
  });
