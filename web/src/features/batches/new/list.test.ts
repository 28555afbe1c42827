import { describe, expect, it } from "vitest";
import { readList } from "./list";

const list = (text: string | Uint8Array<ArrayBuffer>) => readList(new File([text], "list.csv"));

describe("a list", () => {
  it("goes as it is where it names files or addresses", async () => {
    const file = new File(["sku,url\nA,https://a.example/a.jpg\n\n"], "list.csv");
    expect(await readList(file)).toEqual({ file, rows: 1 });
  });
  it("of SKUs alone is enough: all their photos are meant", async () => {
    expect(await list("SKU;role\r\nA;main\r\nB;main\r\n")).toMatchObject({ rows: 2 });
  });
  it("with a byte order mark, or in UTF-16 as Excel saves it, is read", async () => {
    expect(await list("\uFEFFsku,file\nA,a.jpg\n")).toMatchObject({ rows: 1 });
    const wide = new Uint8Array([0xff, 0xfe, ...[..."sku,file\nA,a.jpg"].flatMap((letter) => [letter.charCodeAt(0), 0])]);
    expect(await list(wide)).toMatchObject({ rows: 1 });
  });
  it("without SKUs or lines is refused before it is sent", async () => {
    expect(await list("name,price\nA,1\n")).toEqual({ wrong: "no-sku" });
    expect(await list("sku,file\n")).toEqual({ wrong: "empty" });
  });
});
