import "./app/styles";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { keys } from "./api/queries";
import { createStudioRouter } from "./app/router";
import { theme } from "./app/theme";

const client: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < 3 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
  queryCache: new QueryCache({
    // Signed out elsewhere, or for too long: the shell asks again who is here, and shows the sign-in.
    onError: (error, query) => {
      if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== keys.session[0]) {
        void client.invalidateQueries({ queryKey: keys.session });
      }
    },
  }),
});
const router = createStudioRouter(client);

createRoot(document.getElementById("root")!).render(
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <QueryClientProvider client={client}>
      <Notifications position="bottom-right" autoClose={6000} limit={3} />
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
);
