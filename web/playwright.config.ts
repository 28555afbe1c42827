import { defineConfig } from "@playwright/test";

// Debian's Chromium against a real service: each spec starts its own.
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 15_000, toHaveScreenshot: { maxDiffPixelRatio: 0.01 } },
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    contextOptions: { reducedMotion: "reduce" },
    actionTimeout: 15_000,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-gpu", "--font-render-hinting=none", "--force-color-profile=srgb",
      ],
    },
  },
});
