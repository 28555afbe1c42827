/** The person's own settings: appearance, keys, password, sign-out. */
import { Button, PasswordInput, SegmentedControl, Switch, useMantineColorScheme } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, unwrap } from "~/api/client";
import { session } from "~/api/queries";
import { settings } from "~/shared/copy/settings";
import { explain } from "~/shared/errors";
import { singleKeys, useSingleKeys } from "~/shared/keys";
import { notify, notifyError } from "~/shared/notify";
import { Head, Section } from "./Section";
import css from "./settings.module.css";

const copy = settings.you;

export function You() {
  const who = useQuery(session()).data;
  return (
    <div className={css.tabBody}>
      <Head title={who?.name || copy.title} words={who && copy.signedIn(who.email)} />
      <Appearance />
      <Password email={who?.email ?? ""} />
      <SignOut />
    </div>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const single = useSingleKeys();
  return (
    <Section title={copy.screen}>
      <div className={css.field}>
        <span id="colours" className={css.label}>{copy.scheme.label}</span>
        <SegmentedControl
          aria-labelledby="colours" value={colorScheme} onChange={(value) => setColorScheme(value as typeof colorScheme)}
          data={(["light", "dark", "auto"] as const).map((one) => ({ value: one, label: copy.scheme[one] }))}
        />
      </div>
      <Switch label={copy.keys.label} description={copy.keys.words} checked={single} onChange={(event) => singleKeys.set(event.currentTarget.checked)} />
    </Section>
  );
}

/** Leaves the studio after a sign-out. */
function useSignOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await navigate({ to: "/sign-in" });
    client.clear();
  };
}

function Password({ email }: { email: string }) {
  const leave = useSignOut();
  const change = useMutation({
    mutationFn: (body: { old: string; new: string }) => unwrap(api.PUT("/api/v1/session/password", { body })),
    onSuccess: async () => {
      await leave();
      notify(copy.password.done);
    },
  });
  return (
    <Section title={copy.password.title} words={copy.password.after}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          change.mutate({ old: String(form.get("old")), new: String(form.get("new")) });
        }}
      >
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput name="old" label={copy.password.old} autoComplete="current-password" required withAsterisk={false} />
        <PasswordInput name="new" label={copy.password.new} description={copy.password.hint} autoComplete="new-password" minLength={10} maxLength={1024} required withAsterisk={false} />
        {change.error && <p className={css.bad} role="alert">{explain(change.error).words}</p>}
        <div><Button type="submit" variant="default" loading={change.isPending}>{copy.password.action}</Button></div>
      </form>
    </Section>
  );
}

function SignOut() {
  const leave = useSignOut();
  const signOut = useMutation({
    mutationFn: (everywhere: boolean) => unwrap(api.DELETE("/api/v1/session", { params: { query: { everywhere } } })),
    onSuccess: leave,
    onError: notifyError,
  });
  return (
    <Section title={copy.session.title} words={copy.session.words}>
      <div className={css.inline}>
        <Button variant="default" loading={signOut.isPending && signOut.variables === false} onClick={() => signOut.mutate(false)}>{copy.session.here}</Button>
        <Button variant="default" loading={signOut.isPending && signOut.variables === true} onClick={() => signOut.mutate(true)}>{copy.session.everywhere}</Button>
      </div>
    </Section>
  );
}
