import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "~/api/client";
import { session } from "~/api/queries";

export const members = () => queryOptions({ queryKey: ["members"], queryFn: () => unwrap(api.GET("/api/v1/members")), staleTime: 30_000 });
export const invites = () => queryOptions({ queryKey: ["invites"], queryFn: () => unwrap(api.GET("/api/v1/invites")), staleTime: 30_000 });
export const apiKeys = () => queryOptions({ queryKey: ["api-keys"], queryFn: () => unwrap(api.GET("/api/v1/keys")), staleTime: 30_000 });
export const workspace = () => queryOptions({ queryKey: ["workspace"], queryFn: () => unwrap(api.GET("/api/v1/workspace")), staleTime: 30_000 });

/** Whether the person who is signed in may change the workspace. */
export const useOwner = (): boolean => useQuery(session()).data?.role === "owner";
