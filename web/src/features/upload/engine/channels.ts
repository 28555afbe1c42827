/** The one finding that needs no service: a photo with fewer pixels than a channel requires of the product itself. */
import { api, unwrap } from "~/api/client";
import type { Finding } from "~/api/types";
import { upload as copy } from "~/shared/copy/upload";

type Limit = { name: string; px: number };
let limits: Promise<Limit[]> | null = null;

const loadLimits = async (): Promise<Limit[]> =>
  (await unwrap(api.GET("/api/v1/channels"))).items.map(({ channel }) => ({ name: channel.name, px: channel.rules?.product_px ?? 1 }));

export async function tooSmall({ width, height }: { width: number; height: number }): Promise<Finding[]> {
  limits ??= loadLimits();
  let channels: Limit[] = [];
  try {
    channels = await limits;
  } catch {
    limits = null; // the service finds it when the batch is made
  }
  const side = Math.max(width, height);
  const unmet = channels.filter((one) => side < one.px);
  if (unmet.length === 0) return [];
  const limit = Math.max(...unmet.map((one) => one.px));
  return [{ check: "small", verdict: "warn", words: copy.small(side, limit, unmet.map((one) => one.name)), value: side, limit, unit: "px" }];
}
