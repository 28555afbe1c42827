import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { api, unwrap, setCsrf } from "~/api/client";
import { session } from "~/api/queries";
import { welcome } from "~/shared/copy/welcome";
import { explain } from "~/shared/errors";
import { WelcomeCard } from "./WelcomeCard";

const copy = welcome.signIn;

export default function SignIn() {
  const router = useRouter();
  const client = useQueryClient();
  const { to } = useSearch({ from: "/sign-in" });
  const enter = useMutation({
    mutationFn: (body: { email: string; password: string }) => unwrap(api.POST("/api/v1/session", { body })),
    onSuccess: (signedIn) => {
      setCsrf(signedIn.csrf);
      client.clear();
      client.setQueryData(session().queryKey, signedIn);
      router.history.push(to?.startsWith("/") && !to.startsWith("//") ? to : "/");
    },
  });
  return (
    <WelcomeCard title={copy.title} words="">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          enter.mutate({ email: String(form.get("email")), password: String(form.get("password")) });
        }}
      >
        <TextInput name="email" type="email" label={copy.email} autoComplete="username" required withAsterisk={false} autoFocus size="md" />
        <PasswordInput name="password" label={copy.password} autoComplete="current-password" required withAsterisk={false} size="md" mt="md" />
        {enter.error && <p role="alert" style={{ color: "var(--no)", marginTop: 14 }}>{explain(enter.error).words || explain(enter.error).title}</p>}
        <Button type="submit" size="md" fullWidth mt="xl" loading={enter.isPending}>{copy.action}</Button>
        <p className="soft small" style={{ marginTop: 18 }}>{copy.lost}</p>
      </form>
    </WelcomeCard>
  );
}
