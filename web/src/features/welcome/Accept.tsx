import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, ApiError, unwrap, setCsrf } from "~/api/client";
import { session } from "~/api/queries";
import { welcome } from "~/shared/copy/welcome";
import { explain } from "~/shared/errors";
import { LinkButton } from "~/shared/ui/LinkButton";
import { WelcomeCard } from "./WelcomeCard";

const copy = welcome.accept;

export default function Accept() {
  // With an account this is a sign-in link: that account gets a new password and stays what it is.
  const { token, account } = useSearch({ from: "/welcome" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const enter = useMutation({
    mutationFn: (body: { token: string; name?: string; email?: string; password: string }) => unwrap(api.POST("/api/v1/invites/accept", { body })),
    onSuccess: (signedIn) => {
      setCsrf(signedIn.csrf);
      client.clear();
      client.setQueryData(session().queryKey, signedIn);
      void navigate({ to: "/" });
    },
  });
  const old = !token || (enter.error instanceof ApiError && enter.error.status === 404);
  return (
    <WelcomeCard title={account ? copy.again : copy.title} words={old ? "" : account ? copy.againWords : copy.words}>
      {old ? (
        <>
          <p>{copy.old}</p>
          <LinkButton to="/sign-in" size="md" fullWidth mt="xl">{copy.toSignIn}</LinkButton>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const text = (name: string) => String(form.get(name) ?? "");
            const password = text("password");
            enter.mutate(account ? { token, password } : { token, name: text("name"), email: text("email"), password });
          }}
        >
          {!account && <TextInput name="name" label={copy.name} autoComplete="name" required withAsterisk={false} autoFocus size="md" />}
          <TextInput name="email" type="email" label={copy.email} autoComplete="username" required withAsterisk={false} size="md" mt="md" defaultValue={account} readOnly={!!account} />
          <PasswordInput name="password" label={copy.password} description={copy.passwordHelp} autoComplete="new-password" required withAsterisk={false} minLength={10} size="md" mt="md" />
          {enter.error && <p role="alert" style={{ color: "var(--no)", marginTop: 14 }}>{explain(enter.error).words}</p>}
          <Button type="submit" size="md" fullWidth mt="xl" loading={enter.isPending}>{copy.action}</Button>
        </form>
      )}
    </WelcomeCard>
  );
}
