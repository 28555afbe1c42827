/** A channel's frame, drawn to its ratio: its background, its margin, and how much of it a product should fill. */
import { useId } from "react";
import type { Channel } from "~/api/types";
import { settings } from "~/shared/copy/settings";
import css from "./settings.module.css";

const BOX = 100;

export function Frame({ channel, size }: { channel: Channel; size: number }) {
  const see = useId();
  const [width, height] = channel.size;
  const scale = (BOX - 4) / Math.max(width, height, 1);
  const [w, h] = [width * scale, height * scale];
  const [x, y] = [(BOX - w) / 2, (BOX - h) / 2];
  const [least, most] = channel.rules.fill;
  // A tall product: its longest side is a share of the frame's.
  const zone = (share: number) => {
    const tall = h * share;
    const wide = Math.min(w * 0.92, tall * 0.5);
    return { x: x + (w - wide) / 2, y: y + (h - tall) / 2, width: wide, height: tall };
  };
  const ranged = least > 0 || most < 1;
  const shown = zone(ranged ? least : 0.8 - (channel.margin ?? 0));
  const margin = channel.margin ? { x: x + w * channel.margin, y: y + h * channel.margin, width: w * (1 - 2 * channel.margin), height: h * (1 - 2 * channel.margin) } : null;
  const back = channel.rules.white ? "#ffffff" : (channel.color ?? "var(--sunk)");
  return (
    <svg viewBox={`0 0 ${BOX} ${BOX}`} width={size} height={size} className={css.frame} role="img" aria-label={settings.channels.frame(channel.name)}>
      <defs>
        <pattern id={see} width="10" height="10" patternUnits="userSpaceOnUse">
          <rect width="10" height="10" fill="var(--panel)" /><rect width="5" height="5" fill="var(--checker)" /><rect x="5" y="5" width="5" height="5" fill="var(--checker)" />
        </pattern>
      </defs>
      <rect x={x} y={y} width={w} height={h} rx="3" fill={channel.transparent ? `url(#${see})` : back} stroke="var(--line-strong)" strokeWidth="0.8" />
      {margin && <rect {...margin} fill="none" stroke="#8e8e92" strokeWidth="0.7" strokeDasharray="2.4 2" />}
      {ranged && <rect {...zone(most)} rx="4" fill="#f2742a26" stroke="#f2742a" strokeWidth="0.9" strokeDasharray="2.6 2" />}
      <rect {...shown} rx="4" fill="#a9abb0" />
    </svg>
  );
}
