import { beforeEach, expect, test } from "vitest";
import { listIn, service } from "~/testing/uploads";
import { addressesOf, finder, isComplete, isUnclear, readList } from "./lists";

const list = (text: string, path = "list.csv") => readList(path, new Blob([text]));
beforeEach(() => service.on("POST /lists", listIn));

test("the service reads it; its paths have slashes, and composed letters", async () => {
  const read = await list("sku,file,title\nMUG,photos\\gru\u0308n.jpg,Mug");
  expect(read.rows.map(({ number, sku, file, title }) => [number, sku, file, title])).toEqual([[2, "MUG", "photos/gr\u00fcn.jpg", "Mug"]]);
  expect([isUnclear(read), isComplete(read), read.plans]).toEqual([false, true, false]);
});

test("what its columns mean is asked where that is not known", async () => {
  expect(isUnclear(await list("article,file\n1,2"))).toBe(true);
  expect(isComplete(await list("sku,title\n1,2"))).toBe(false);
  expect((await list("sku,file,style\n1,2,marble")).plans).toBe(true);
});

test("a photo is found by its path from the list's folder, else by a name that is there once", async () => {
  const find = finder(await list("sku,file\nA,left/a.jpg\nB,right/a.jpg\nC,c.jpg", "shoot/list.csv"));
  expect(find("shoot/left/a.jpg")?.sku).toBe("A");
  expect(find("elsewhere/C.JPG")?.sku).toBe("C");
  expect(find("a.jpg")).toBeUndefined();
});

test("of two names that differ in capitals only the very same is meant", async () => {
  const find = finder(await list("sku,file\nA,mug.jpg\nB,MUG.jpg"));
  expect([find("mug.jpg")?.sku, find("MUG.jpg")?.sku, find("Mug.jpg")]).toEqual(["A", "B", undefined]);
});

test("rows with an address become a list of their own", async () => {
  const read = await list("sku,file,url\nA,a.jpg,\nB,,https://shop.example/b.jpg\n1E+11,,https://shop.example/c.jpg");
  expect(await addressesOf(read, "x.csv")?.text()).toBe('"sku","url","gtin","asin","title","role"\r\n"B","https://shop.example/b.jpg","","","",""');
  expect(addressesOf(await list("sku,file\nA,a.jpg"), "x.csv")).toBeNull();
});
