/** An 8-bit gray PNG, which no canvas can write: its own are in colour, four times the bytes. */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const UP = 2; // each row as its difference to the one above

const TABLE = Uint32Array.from({ length: 256 }, (_, at) => {
  let code = at;
  for (let bit = 0; bit < 8; bit += 1) code = code & 1 ? 0xedb88320 ^ (code >>> 1) : code >>> 1;
  return code;
});

function crc(bytes: Uint8Array): number {
  let code = 0xffffffff;
  for (const byte of bytes) code = TABLE[(code ^ byte) & 0xff]! ^ (code >>> 8);
  return (code ^ 0xffffffff) >>> 0;
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  out.set([...name].map((letter) => letter.charCodeAt(0)), 4);
  out.set(content, 8);
  view.setUint32(8 + content.length, crc(out.subarray(4, 8 + content.length)));
  return out;
}

/** levels: one byte a pixel, row by row. */
export async function grayPng(levels: Uint8Array, width: number, height: number): Promise<Blob> {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    const [from, to] = [y * width, y * (width + 1)];
    rows[to] = UP;
    for (let x = 0; x < width; x += 1) rows[to + 1 + x] = levels[from + x]! - (y > 0 ? levels[from - width + x]! : 0);
  }
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, 0, 0, 0, 0], 8);
  const packed = new Uint8Array(await new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
  return new Blob([new Uint8Array(SIGNATURE), chunk("IHDR", head), chunk("IDAT", packed), chunk("IEND", new Uint8Array())] as BlobPart[], { type: "image/png" });
}
