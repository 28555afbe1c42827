import { expect, test } from "vitest";
import { addressesOf, finder, readList } from "./lists";

const list = (text: string | Uint8Array<ArrayBuffer>, path = "list.csv") => readList(path, new Blob([text]));

test("a list is read with semicolons, quotation marks, Windows paths and empty lines", async () => {
  const read = await list('SKU;File;Title\r\nMUG;photos\\mug.jpg;"Mug; ""green"""\r\n;;\r\nCAN;can.jpg;\r\n');
  expect(read.rows?.map(({ number, sku, file, title }) => [number, sku, file, title])).toEqual([
    [2, "MUG", "photos/mug.jpg", 'Mug; "green"'], [4, "CAN", "can.jpg", ""],
  ]);
});

test("Excel's own encodings are read", async () => {
  expect((await list(new Uint8Array([...new TextEncoder().encode("sku,file,title\nM,m.jpg,gr"), 0xfc, 0x6e]))).rows?.[0]?.title).toBe("grün");
  expect((await list("\ufeffsku,file\nM,m.jpg")).rows).toHaveLength(1);
});

test("what is no list is left to the service", async () => {
  expect((await list("article,picture\n1,2")).rows).toBeNull();
});

test("a photo is found by its path from the list's folder, else by a name that is there once", async () => {
  const find = finder(await list("sku,file\nA,left/a.jpg\nB,right/a.jpg\nC,c.jpg", "shoot/list.csv"));
  expect(find("shoot/left/a.jpg")?.sku).toBe("A");
  expect(find("elsewhere/C.JPG")?.sku).toBe("C");
  expect(find("a.jpg")).toBeUndefined();
});

test("rows with an address become a list of their own", async () => {
  const read = await list('sku,file,url\nA,a.jpg,\nB,,"https://shop.example/b,1.jpg"');
  expect(await addressesOf(read, "x.csv")?.text()).toBe('"sku","file","url"\r\n"B","","https://shop.example/b,1.jpg"');
  expect(addressesOf(await list("sku,file\nA,a.jpg"), "x.csv")).toBeNull();
});
