/** Above the grid: the open place, the count, the filter, the order, and the size of pictures. */
import { SegmentedControl, Slider } from "@mantine/core";
import { IconPhoto } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Place, ProductOrder } from "~/api/types";
import { library } from "~/shared/copy/library";
import type { LibrarySearch } from "./search";
import { sizes } from "./size";
import { SortMenu } from "./SortMenu";
import css from "./library.module.css";

const copy = library.filters;
const filters = [{ value: "all", label: copy.all }, { value: "flagged", label: copy.flagged }, { value: "no-photos", label: copy.noPhotos }] as const;

export function Toolbar({ title, path = [], count, view, filtered, size, setSize, order, setOrder, actions }: {
  title: string; path?: Place[]; count?: string; view: LibrarySearch; filtered: boolean; size: number; setSize: (size: number) => void;
  order?: ProductOrder; setOrder?: (order: ProductOrder) => void; actions?: ReactNode;
}) {
  const navigate = useNavigate();
  const show = (value: string): void => {
    const chosen = filters.find((one) => one.value === value)?.value ?? "all";
    void navigate({ to: "/library", search: { ...view, show: chosen === "all" ? undefined : chosen } });
  };
  return (
    <div className={css.toolbar}>
      <div className={css.where}>
        {path.map((place) => (
          <span key={place.id} className={css.step}>
            <Link to="/library" search={{ collection: place.id }} className="ellipsis">{place.name}</Link>
            <span aria-hidden>/</span>
          </span>
        ))}
        <h2 className="ellipsis" title={title}>{title}</h2>
        {count && <span className="soft num" style={{ whiteSpace: "nowrap" }}>{count}</span>}
      </div>
      {actions}
      {filtered && <SegmentedControl size="xs" aria-label={copy.label} data={[...filters]} value={view.show === "flagged" || view.show === "no-photos" ? view.show : "all"} onChange={show} />}
      {order && setOrder && <SortMenu order={order} choose={setOrder} />}
      <div className={css.size}>
        <IconPhoto size={14} stroke={1.7} aria-hidden />
        <Slider
          size={3} thumbSize={18} w={92} label={null} min={sizes.least} max={sizes.most} step={10} value={size} onChange={setSize}
          thumbLabel={library.size} classNames={{ track: css.track, thumb: css.thumb }}
        />
        <IconPhoto size={20} stroke={1.5} aria-hidden />
      </div>
    </div>
  );
}
