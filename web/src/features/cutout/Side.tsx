/** Beside the photo: the tools and how they are set, earlier cut-outs, the findings, and what saving does. */
import { ActionIcon, Button, NumberInput, SegmentedControl, Slider, Switch, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Finding } from "~/api/types";
import { Findings } from "~/features/library/Findings";
import { common } from "~/shared/copy/common";
import { cutout as copy } from "~/shared/copy/cutout";
import { KeyCap } from "~/shared/ui/KeyCap";
import type { State } from "./engine/session";
import { Sign } from "./Marks";
import { itemCounts, versions } from "./queries";
import { isBrush, LEAST_SIZE, MOST_SIZE, sized, TOOLS, type Settings, type Tool } from "./tools";
import css from "./cutout.module.css";

type Actions = { undo: () => void; redo: () => void; shift: (outwards: boolean) => void; use: (version: number) => void };

export function Side({ photo, tool, chooseTool, settings, set, state, actions, findings, busy }: {
  photo: string; tool: Tool; chooseTool: (tool: Tool) => void; settings: Settings; set: (change: Partial<Settings>) => void;
  state: State; actions: Actions; findings: readonly Finding[]; busy: boolean;
}) {
  return (
    <div className={css.side}>
      <section className={css.block} aria-labelledby="cutout-tools">
        <div className={css.toolsTop}>
          <h3 id="cutout-tools">{copy.tools.label}</h3>
          <Tooltip label={<>{common.undo} <KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>Z</KeyCap></>}>
            <ActionIcon variant="default" size={30} aria-label={common.undo} disabled={!state.canUndo} onClick={actions.undo}><IconArrowBackUp size={17} aria-hidden /></ActionIcon>
          </Tooltip>
          <Tooltip label={<>{copy.redo} <KeyCap hidden>⇧</KeyCap> <KeyCap hidden>Ctrl</KeyCap> <KeyCap hidden>Z</KeyCap></>}>
            <ActionIcon variant="default" size={30} aria-label={copy.redo} disabled={!state.canRedo} onClick={actions.redo}><IconArrowForwardUp size={17} aria-hidden /></ActionIcon>
          </Tooltip>
        </div>
        <div className={css.toolGrid}>
          {TOOLS.map(({ tool: one, key }) => (
            <button key={one} type="button" className={css.tool} aria-pressed={one === tool} onClick={() => chooseTool(one)}>
              <span className={css.toolSign} data-tool={one} aria-hidden><Sign tool={one} size={16} /></span>
              <strong>{copy.tools[one].name}</strong>
              <KeyCap hidden>{key}</KeyCap>
            </button>
          ))}
        </div>
        <p className="soft small">{copy.tools[tool].words}</p>
      </section>
      {isBrush(tool) && <BrushSettings settings={settings} set={set} />}
      {tool === "outline" && (
        <section className={css.block} aria-label={copy.outline.label}>
          <SegmentedControl
            size="xs" fullWidth value={settings.outlineErases ? "erase" : "restore"} onChange={(to) => set({ outlineErases: to === "erase" })} aria-label={copy.outline.label}
            data={[{ value: "erase", label: copy.tools.erase.name }, { value: "restore", label: copy.tools.restore.name }]}
          />
        </section>
      )}
      <section className={css.block} aria-labelledby="cutout-edge">
        <h3 id="cutout-edge">{copy.edge.label}</h3>
        <div className={css.pair}>
          <Button size="xs" variant="default" onClick={() => actions.shift(true)}>{copy.edge.grow}</Button>
          <Button size="xs" variant="default" onClick={() => actions.shift(false)}>{copy.edge.shrink}</Button>
        </div>
        <p className="soft small">{copy.edge.words}</p>
      </section>
      <Versions photo={photo} disabled={state.dirty || busy} dirty={state.dirty} use={actions.use} />
      {findings.some((one) => one.verdict === "warn" || one.verdict === "fail") && (
        <section className={css.block} aria-labelledby="cutout-checks"><h3 id="cutout-checks">{copy.checks}</h3><Findings findings={findings} /></section>
      )}
      <AfterSaving photo={photo} />
    </div>
  );
}

const SLIDER = 100; // steps; a step is a share of the size, so that small brushes are set finely
const toSlider = (size: number): number => (SLIDER * Math.log(size / LEAST_SIZE)) / Math.log(MOST_SIZE / LEAST_SIZE);
const fromSlider = (value: number): number => sized(LEAST_SIZE * (MOST_SIZE / LEAST_SIZE) ** (value / SLIDER));

function BrushSettings({ settings, set }: { settings: Settings; set: (change: Partial<Settings>) => void }) {
  return (
    <section className={css.block} aria-labelledby="cutout-brush">
      <h3 id="cutout-brush">{copy.brush.label}</h3>
      <div className={css.size}>
        <Slider
          size="sm" min={0} max={SLIDER} value={toSlider(settings.size)} onChange={(to) => set({ size: fromSlider(to) })} label={null} step={1}
          thumbLabel={copy.brush.size} thumbProps={{ "aria-valuetext": copy.brush.px(settings.size) }} scale={fromSlider}
        />
        <NumberInput size="xs" w={92} min={LEAST_SIZE} max={MOST_SIZE} clampBehavior="blur" allowDecimal={false} suffix=" px" value={settings.size} onChange={(to) => Number(to) >= LEAST_SIZE && set({ size: sized(Number(to)) })} aria-label={copy.brush.sizeField} />
      </div>
      <p className="soft small"><KeyCap hidden>[</KeyCap> <KeyCap hidden>]</KeyCap> {copy.brush.keys}</p>
      <Switch checked={settings.follow} onChange={(event) => set({ follow: event.currentTarget.checked })} label={copy.brush.follow} description={copy.brush.followWords} />
      {!settings.follow && (
        <SegmentedControl
          size="xs" fullWidth value={settings.softness} onChange={(to) => set({ softness: to as Settings["softness"] })} aria-label={copy.brush.edge}
          data={(["crisp", "soft", "feather"] as const).map((value) => ({ value, label: copy.brush[value] }))}
        />
      )}
      <p className="soft small">{copy.brush.alt}</p>
    </section>
  );
}

function Versions({ photo, disabled, dirty, use }: { photo: string; disabled: boolean; dirty: boolean; use: (version: number) => void }) {
  const all = useQuery(versions(photo)).data;
  if (!all || all.length < 2) return null;
  return (
    <section className={css.block} aria-labelledby="cutout-versions">
      <h3 id="cutout-versions">{copy.versions.label}</h3>
      <ol className={css.list}>
        {all.map((one) => (
          <li key={one.version} data-chosen={one.current || undefined}>
            <span className={css.version}><span>{copy.versions.name(one.version)}</span><span className="soft small ellipsis">{new Date(one.created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</span></span>
            {one.current ? <span className="soft small">{copy.versions.current}</span>
              : one.usable && <Button size="compact-xs" variant="default" disabled={disabled} aria-label={copy.versions.useNamed(one.version)} onClick={() => use(one.version)}>{copy.versions.use}</Button>}
          </li>
        ))}
      </ol>
      {dirty && <p className="soft small">{copy.versions.dirty}</p>}
    </section>
  );
}

/** How many pictures are made again on saving, and how many stay because they are approved. */
function AfterSaving({ photo }: { photo: string }) {
  const counts = useQuery(itemCounts(photo)).data;
  if (!counts) return null;
  const { open, approved } = counts;
  return (
    <section className={css.block} aria-labelledby="cutout-after">
      <h3 id="cutout-after">{copy.after.label}</h3>
      <p className="soft small">{open + approved === 0 ? copy.after.none : [open > 0 && copy.after.open(open), copy.after.approved(approved)].filter(Boolean).join(" ")}</p>
    </section>
  );
}
