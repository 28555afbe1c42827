/** The one flag that can be told here: a photo with fewer pixels than a channel asks of the product itself. */
import { api, got, type Schemas } from "~/api/client";
import { upload as copy } from "~/shared/copy/upload";

let asked: Promise<Schemas["ChannelView"][]> | null = null;

export async function tooSmall({ width, height }: { width: number; height: number }): Promise<Schemas["Finding"][]> {
  asked ??= got(api.GET("/api/v1/channels")).then((told) => told.items);
  const channels = await asked.catch(() => ((asked = null), []));
  const side = Math.max(width, height);
  const wants = channels.flatMap(({ channel }) => (channel.rules && side < channel.rules.product_px ? [{ name: channel.name, px: channel.rules.product_px }] : []));
  if (wants.length === 0) return [];
  const limit = Math.max(...wants.map((one) => one.px));
  return [{ check: "small", verdict: "warn", words: copy.small(side, limit, wants.map((one) => one.name)), value: side, limit, unit: "px" }];
}
