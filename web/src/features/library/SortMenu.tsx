import { Button, Menu } from "@mantine/core";
import { IconArrowsSort } from "@tabler/icons-react";
import type { ProductOrder } from "~/api/types";
import { library } from "~/shared/copy/library";
import { orders } from "./order";

const copy = library.sort;

/** What the products are sorted by. */
export function SortMenu({ order, choose }: { order: ProductOrder; choose: (order: ProductOrder) => void }) {
  return (
    <Menu position="bottom-end" width={190} withInitialFocusPlaceholder={false} portalProps={{ target: "#screen" }}>
      <Menu.Target>
        <Button variant="default" size="xs" leftSection={<IconArrowsSort size={15} aria-hidden />} aria-label={copy.label(copy.by[order])}>{copy.by[order]}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={order} onChange={(value) => choose(orders.find((one) => one === value) ?? "newest")}>
          {orders.map((one) => <Menu.RadioItem key={one} value={one} closeMenuOnClick>{copy.by[one]}</Menu.RadioItem>)}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
