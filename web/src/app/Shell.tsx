/** The rail of places, the bar that says when there is no connection, and the screen. */
import { Tooltip } from "@mantine/core";
import {
  IconChecks, IconHelp, IconMoon, IconPalette, IconPhoto, IconSend, IconSettings, IconStack2, IconSun, IconUpload, IconWifiOff,
} from "@tabler/icons-react";
import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouter, type AnyRoute } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, setCsrf } from "~/api/client";
import { session } from "~/api/queries";
import { common } from "~/shared/copy/common";
import { useKeys } from "~/shared/keys";
import { live, useOnline } from "~/shared/live";
import { sendFor, useWaitingDecisions } from "~/shared/outbox";
import { Shortcuts } from "./Shortcuts";
import css from "./shell.module.css";

const places = [
  { to: "/library", words: common.places.library, icon: IconPhoto, key: "l" },
  { to: "/upload", words: common.places.upload, icon: IconUpload, key: "u" },
  { to: "/styles", words: common.places.styles, icon: IconPalette, key: "s" },
  { to: "/batches", words: common.places.batches, icon: IconStack2, key: "b" },
  { to: "/review", words: common.places.review, icon: IconChecks, key: "r" },
  { to: "/deliver", words: common.places.deliver, icon: IconSend, key: "d" },
] as const;

export function Shell() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const [help, setHelp] = useState(false);
  const who = useQuery(session());

  useEffect(() => live.start(client), [client]);
  // Photos that were not sent when the page was closed are sent, whatever screen is opened first.
  useEffect(() => {
    const session = who.data;
    if (session && localStorage.getItem("packshot-uploads-open")) void import("~/features/upload/resume").then((upload) => upload.resumeUploads(session));
  }, [who.data]);
  useEffect(() => {
    if (who.data) {
      setCsrf(who.data.csrf);
      sendFor(who.data.user);
    }
    if (who.error instanceof ApiError && who.error.status === 401) {
      client.removeQueries({ queryKey: session().queryKey });
      void router.invalidate();
    }
  }, [client, router, who.data, who.error]);

  // All screens are fetched once there is time: they open at once, and without a connection too.
  useEffect(() => {
    const soon = setTimeout(() => {
      for (const route of Object.values<AnyRoute>(router.routesById)) void router.loadRouteChunk(route)?.catch(() => undefined);
    }, 2_500);
    return () => clearTimeout(soon);
  }, [router]);

  // G, then the first letter of a place.
  const going = useRef(0);
  const go: Record<string, () => void> = {
    g: () => void (going.current = Date.now()),
    "?": () => setHelp(true),
    "/": () => document.querySelector<HTMLInputElement>("[data-search] input, input[data-search]")?.focus(),
  };
  useKeys(go);
  useEffect(() => {
    const second = (event: KeyboardEvent) => {
      const place = places.find((one) => one.key === event.key.toLowerCase());
      if (!place || Date.now() - going.current > 1200 || event.ctrlKey || event.metaKey) return;
      going.current = 0;
      event.preventDefault();
      event.stopImmediatePropagation();
      void navigate({ to: place.to });
    };
    addEventListener("keydown", second, true);
    return () => removeEventListener("keydown", second, true);
  }, [navigate]);

  return (
    <div className={css.shell}>
      <a href="#screen" className={css.skip}>{common.skip}</a>
      <nav className={css.rail} aria-label={common.product}>
        <Link to="/" aria-label={common.product} className={css.mark}><img src="/mark.svg" alt="" width={36} height={36} /></Link>
        {places.map((place) => (
          <Link key={place.to} to={place.to} className={css.place} activeOptions={{ includeSearch: false }}>
            <place.icon size={21} stroke={1.6} aria-hidden />
            {place.words}
          </Link>
        ))}
        <div className={css.fill} />
        <Scheme />
        <button type="button" className={css.place} onClick={() => setHelp(true)}>
          <IconHelp size={21} stroke={1.6} aria-hidden />
          {common.keysShort}
        </button>
        <Link to="/settings" className={css.place}>
          <IconSettings size={21} stroke={1.6} aria-hidden />
          {common.places.settings}
        </Link>
      </nav>
      <div className={css.main}>
        <Offline />
        <main id="screen" tabIndex={-1} style={{ minHeight: 0, outline: "none" }}><Outlet /></main>
      </div>
      <Shortcuts opened={help} close={() => setHelp(false)} />
    </div>
  );
}

function Offline() {
  const online = useOnline();
  const waiting = useWaitingDecisions();
  if (online) return <div />;
  return (
    <div className={css.offline} role="status">
      <IconWifiOff size={17} aria-hidden />
      <span>{common.offline}{waiting > 0 && ` ${common.offlineQueued(waiting)}`}</span>
    </div>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const Icon = dark ? IconSun : IconMoon;
  return (
    <Tooltip label={dark ? common.toLight : common.toDark} position="right">
      <button type="button" className={css.place} onClick={() => setColorScheme(dark ? "light" : "dark")} aria-label={dark ? common.toLight : common.toDark}>
        <Icon size={21} stroke={1.6} aria-hidden />
        {dark ? common.light : common.dark}
      </button>
    </Tooltip>
  );
}
