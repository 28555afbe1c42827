/** Imports of the studio run in one direction: no circles, and no layer imports one above it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const src = import.meta.dirname;
const LAYERS = ["api", "shared", "features", "app"]; // each imports itself and those before it
const options: ts.CompilerOptions = { moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, jsx: ts.JsxEmit.ReactJSX, paths: { "~/*": [`${src}/*`] } };

/** Source files that a file imports: values and types, what it loads later by import(), and its workers. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const workers = [...text.matchAll(/new URL\("([^"]+)\.ts", import\.meta\.url\)/g)].map(([, fileName]) => ({ fileName: fileName! }));
  return [...ts.preProcessFile(text, true, true).importedFiles, ...workers].flatMap(({ fileName }) => {
    const found = ts.resolveModuleName(fileName, path, options, ts.sys).resolvedModule?.resolvedFileName;
    return found?.startsWith(src) ? [found] : [];
  });
}

const graph = new Map(
  readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.(test|d)\.tsx?$|^testing\//.test(name))
    .map((name) => [join(src, name), importsOf(join(src, name))] as const),
);
const nameOf = (path: string): string => relative(src, path);

/** The first path that returns to its start, or null. */
function circle(): string[] | null {
  const finished = new Set<string>();
  const walk = (path: string, way: string[]): string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path].map(nameOf);
    if (finished.has(path)) return null;
    for (const next of graph.get(path) ?? []) {
      const found = walk(next, [...way, path]);
      if (found) return found;
    }
    finished.add(path);
    return null;
  };
  for (const path of graph.keys()) {
    const found = walk(path, []);
    if (found) return found;
  }
  return null;
}

test("the graph is the studio's own: every screen is reached from main.tsx", () => {
  const reached = new Set([join(src, "main.tsx")]);
  for (const path of reached) for (const next of graph.get(path) ?? []) reached.add(next);
  expect([...graph.keys()].filter((path) => !reached.has(path)).map(nameOf)).toEqual([]);
});

test("no file imports itself by way of others", () => {
  expect(circle()).toBeNull();
});

test("a layer imports only itself and those below", () => {
  const layer = (path: string): number => LAYERS.indexOf(dirname(nameOf(path)).split("/")[0] ?? "");
  const upward = [...graph].flatMap(([path, imports]) => imports.filter((one) => layer(path) >= 0 && layer(one) > layer(path)).map((one) => `${nameOf(path)} -> ${nameOf(one)}`));
  expect(upward).toEqual([]);
});
