// Bytes of the built studio, gzipped, against their budgets. The shell is what index.html loads, with all it imports;
// a screen loads the shell and its own route, so the styles that count are the shell's and the largest of the others.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const folder = new URL("../../src/packshot/studio/", import.meta.url);
const assets = new URL("assets/studio/", folder);
const size = (name) => gzipSync(readFileSync(new URL(name, assets)), { level: 9 }).length / 1000;
const html = readFileSync(new URL("index.html", folder), "utf8");
const first = [...html.matchAll(/(?:src|href)="\/assets\/studio\/([^"]+\.js)"/g)].map((match) => match[1]);
const shell = new Set(first);
for (const name of shell) {
  const code = readFileSync(new URL(name, assets), "utf8");
  for (const match of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) shell.add(match[1]);
}
const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
const styles = readdirSync(assets).filter((name) => name.endsWith(".css"));
const linked = [...html.matchAll(/href="\/assets\/studio\/([^"]+\.css)"/g)].map((match) => match[1]);
const largest = Math.max(0, ...styles.filter((name) => !linked.includes(name)).map(size));
const sum = (names) => [...names].reduce((total, name) => total + size(name), 0);
const lines = [
  ["the shell's scripts", sum(shell), 230],
  ["a screen's styles", sum(linked) + largest, 25],
  ...scripts.filter((name) => !shell.has(name)).map((name) => [name, size(name), 45]),
];
let over = false;
for (const [name, is, most] of lines) {
  over ||= is > most;
  if (is > most || process.argv.includes("--all") || most !== 45) console.log(`${is > most ? "OVER  " : ""}${name}: ${is.toFixed(1)} of ${most} KB`);
}
process.exit(over ? 1 : 0);
