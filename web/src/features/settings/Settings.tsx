/** Settings: team, API keys, channels, workspace, and the person's own. */
import { IconAdjustments, IconBuildingStore, IconKey, IconUser, IconUsers } from "@tabler/icons-react";
import { Link, useSearch } from "@tanstack/react-router";
import { settings as copy } from "~/shared/copy/settings";
import { Page } from "~/shared/ui/Page";
import { ApiKeys } from "./ApiKeys";
import { Channels } from "./Channels";
import { Team } from "./Team";
import { Workspace } from "./Workspace";
import { You } from "./You";
import css from "./settings.module.css";

const tabs = [
  { id: "team", icon: IconUsers, shows: Team }, { id: "keys", icon: IconKey, shows: ApiKeys }, { id: "channels", icon: IconBuildingStore, shows: Channels },
  { id: "workspace", icon: IconAdjustments, shows: Workspace }, { id: "you", icon: IconUser, shows: You },
] as const;

export default function Settings() {
  const { tab = "team" } = useSearch({ from: "/inside/settings" });
  const Shown = tabs.find((one) => one.id === tab)?.shows ?? Team;
  return (
    <Page title={copy.title} scroll={false}>
      <div className={css.split}>
        <nav className={css.tabs} aria-label={copy.title}>
          {tabs.map((one) => (
            <Link key={one.id} to="/settings" search={{ tab: one.id }} replace className={css.tab} aria-current={one.id === tab ? "page" : undefined}>
              <one.icon size={18} stroke={1.6} aria-hidden />
              {copy.tabs[one.id]}
            </Link>
          ))}
        </nav>
        <div className={css.scroll} key={tab}><Shown /></div>
      </div>
    </Page>
  );
}
