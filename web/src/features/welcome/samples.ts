// The photos of samples/ at the top of the project, built in.
const files = import.meta.glob<string>("../../../../samples/*.jpg", { eager: true, import: "default", query: "?url" });
const at = (name: string): string => files[`../../../../samples/${name}`] ?? "";

export const samples = [
  { file: "bottle.jpg", url: at("bottle.jpg"), sku: "PEAK-09-ORANGE", title: "Peak No. 9 regenerating oil, 50 ml" },
  { file: "can.jpg", url: at("can.jpg"), sku: "NORDLYS-330", title: "Nordlys sparkling orange, 330 ml" },
  { file: "mug.jpg", url: at("mug.jpg"), sku: "MUG-GREEN", title: "Stoneware mug, green" },
  { file: "bear.jpg", url: at("bear.jpg"), sku: "BEAR-24", title: "Teddy bear, 24 cm" },
  { file: "jar.jpg", url: at("jar.jpg"), sku: "JAR-WHITE", title: "Porcelain jar with lid" },
  { file: "bag.jpg", url: at("bag.jpg"), sku: "BAG-BRONZE", title: "Handbag, bronze" },
];
