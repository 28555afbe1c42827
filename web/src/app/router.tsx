/** Every address of the studio. Each screen is a chunk of its own, loaded when it is first opened. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, type ErrorComponentProps,
} from "@tanstack/react-router";
import { ApiError, setCsrf } from "~/api/client";
import { session } from "~/api/queries";
import { SHOWS, type LibrarySearch } from "~/features/library/search";
import { common } from "~/shared/copy/common";
import { Empty, Failed } from "~/shared/ui/states";
import { Shell } from "./Shell";

type Context = { client: QueryClient };
const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
const oneOf = <T extends string>(value: unknown, of: readonly T[]): T | undefined => of.find((one) => one === value);

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound, errorComponent: Crashed });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): { to?: string } => ({ to: text(search.to) }),
  component: lazyRouteComponent(() => import("~/features/welcome/SignIn")),
});
const accept = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  validateSearch: (search): { token?: string; account?: string } => ({ token: text(search.token), account: text(search.account) }),
  component: lazyRouteComponent(() => import("~/features/welcome/Accept")),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      setCsrf((await context.client.ensureQueryData(session())).csrf);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) throw redirect({ to: "/sign-in", search: { to: location.href } });
      throw error;
    }
  },
});

const start = createRoute({
  getParentRoute: () => inside,
  path: "/",
  component: lazyRouteComponent(() => import("~/features/welcome/Start")),
});

const library = createRoute({
  getParentRoute: () => inside,
  path: "/library",
  validateSearch: (search): LibrarySearch => ({
    collection: text(search.collection), q: text(search.q), show: oneOf(search.show, SHOWS),
  }),
  component: lazyRouteComponent(() => import("~/features/library/Library")),
});
const product = createRoute({
  getParentRoute: () => inside,
  path: "/library/$product",
  component: lazyRouteComponent(() => import("~/features/library/Product")),
});
const uploads = createRoute({
  getParentRoute: () => inside,
  path: "/upload",
  component: lazyRouteComponent(() => import("~/features/upload/Upload")),
});
const styles = createRoute({
  getParentRoute: () => inside,
  path: "/styles",
  validateSearch: (search): { style?: string } => ({ style: text(search.style) }),
  component: lazyRouteComponent(() => import("~/features/styles/Styles")),
});
const batches = createRoute({
  getParentRoute: () => inside,
  path: "/batches",
  component: lazyRouteComponent(() => import("~/features/batches/Batches")),
});
type NewBatchSearch = { collection?: string; products?: string; images?: string; style?: string };
const newBatch = createRoute({
  getParentRoute: () => inside,
  path: "/batches/new",
  validateSearch: (search): NewBatchSearch => ({
    collection: text(search.collection), products: text(search.products), images: text(search.images), style: text(search.style),
  }),
  component: lazyRouteComponent(() => import("~/features/batches/NewBatch")),
});
const oneBatch = createRoute({
  getParentRoute: () => inside,
  path: "/batches/$batch",
  component: lazyRouteComponent(() => import("~/features/batches/Batch")),
});
const reviews = createRoute({
  getParentRoute: () => inside,
  path: "/review",
  component: lazyRouteComponent(() => import("~/features/review/Reviews")),
});
type ReviewSearch = { group?: "look" | "fine" | "skipped" | "decided" | "all"; flag?: string; item?: string; layout?: "grid" | "sheet" | "loupe" };
const review = createRoute({
  getParentRoute: () => inside,
  path: "/review/$batch",
  validateSearch: (search): ReviewSearch => ({
    group: oneOf(search.group, ["look", "fine", "skipped", "decided", "all"]), flag: text(search.flag), item: text(search.item),
    layout: oneOf(search.layout, ["grid", "sheet", "loupe"]),
  }),
  component: lazyRouteComponent(() => import("~/features/review/Review")),
});
const deliver = createRoute({
  getParentRoute: () => inside,
  path: "/deliver",
  validateSearch: (search): { batch?: string; export?: string } => ({ batch: text(search.batch), export: text(search.export) }),
  component: lazyRouteComponent(() => import("~/features/deliver/Deliver")),
});
const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  validateSearch: (search): { tab?: "team" | "keys" | "channels" | "workspace" | "you" } => ({
    tab: oneOf(search.tab, ["team", "keys", "channels", "workspace", "you"]),
  }),
  component: lazyRouteComponent(() => import("~/features/settings/Settings")),
});

const tree = root.addChildren([
  signIn, accept,
  inside.addChildren([start, library, product, uploads, styles, batches, newBatch, oneBatch, reviews, review, deliver, settings]),
]);

export function createStudioRouter(client: QueryClient) {
  return createRouter({ routeTree: tree, context: { client }, defaultPreload: "intent", defaultPreloadStaleTime: 0, scrollRestoration: false });
}
declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createStudioRouter>;
  }
}

function NotFound() {
  return <Empty title={common.error.notFound} words={common.error.notFoundWords} />;
}

function Crashed({ error, reset }: ErrorComponentProps) {
  return <Failed error={error} retry={reset} />;
}
