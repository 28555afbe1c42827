/** Strokes along edges, beside the page. */
import { along, type Strokes } from "./along";

self.onmessage = ({ data }: MessageEvent<Strokes>) => {
  const matte = along(data);
  self.postMessage(matte, { transfer: [matte.buffer] });
};
