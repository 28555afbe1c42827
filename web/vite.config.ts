import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const API = process.env.PACKSHOT ?? "http://127.0.0.1:8484";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  // Built into the Python package: `packshot serve` serves it from the wheel.
  build: { outDir: "../src/packshot/studio", emptyOutDir: true, assetsDir: "assets/studio", target: "es2022" },
  server: { fs: { allow: [".."] }, proxy: { "/api": { target: API, ws: true } } },
  test: { include: ["src/**/*.test.ts"], setupFiles: ["src/testing/browser.ts"], pool: "threads" },
});
