/** The one flag that can be told here: a photo with fewer pixels than a channel asks of the product itself. */
import { api, got } from "~/api/client";
import type { Finding } from "~/api/types";
import { upload as copy } from "~/shared/copy/upload";

type Ask = { name: string; px: number };
let asked: Promise<Ask[]> | null = null;

const ask = async (): Promise<Ask[]> =>
  (await got(api.GET("/api/v1/channels"))).items.map(({ channel }) => ({ name: channel.name, px: channel.rules?.product_px ?? 1 }));

export async function tooSmall({ width, height }: { width: number; height: number }): Promise<Finding[]> {
  asked ??= ask();
  let channels: Ask[] = [];
  try {
    channels = await asked;
  } catch {
    asked = null; // the service says it again when the batch is made
  }
  const side = Math.max(width, height);
  const wants = channels.filter((one) => side < one.px);
  if (wants.length === 0) return [];
  const limit = Math.max(...wants.map((one) => one.px));
  return [{ check: "small", verdict: "warn", words: copy.small(side, limit, wants.map((one) => one.name)), value: side, limit, unit: "px" }];
}
