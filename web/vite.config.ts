// Two builds: the gateway's pages (files that a strict content security policy allows), and the report (one file, opened from disk).

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const WEB = import.meta.dirname;
const OUT = process.env["AFFECTLOOP_WEB_OUT"]; // where a rebuild for comparison goes
const PAGES = OUT ? join(OUT, "static") : resolve(WEB, "../services/gateway/affectloop_gateway/static");
const REPORT = OUT ? join(OUT, "template.html") : resolve(WEB, "../src/affectloop/report/template.html");

// What the build depends on; tests/unit/web/test_build_freshness.py reads the same.
const SOURCES = ["index.html", "live.html", "report.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "svelte.config.js"];
const FOLDERS = ["src", "public"];
const ONLY_TYPES = "src/api/events.ts"; // no trace of it is in the build: a field that no page draws needs no new one

function sourcesHash(): string {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(WEB, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(WEB.length + 1).replaceAll("\\", "/"))
      .filter((path) => path !== ONLY_TYPES),
  );
  const hash = createHash("sha256");
  for (const path of [...SOURCES, ...found].sort()) hash.update(path).update("\0").update(readFileSync(join(WEB, path))).update("\0");
  return hash.digest("hex");
}

/** Leave beside the pages what they were built from. */
function stamp(): Plugin {
  return {
    name: "stamp",
    apply: "build",
    closeBundle() {
      const files = readdirSync(PAGES, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "build.json")
        .map((entry) => join(entry.parentPath, entry.name).slice(PAGES.length + 1).replaceAll("\\", "/"))
        .sort();
      const digest = (path: string): string => createHash("sha256").update(readFileSync(join(PAGES, path))).digest("hex");
      const content = { sources_sha256: sourcesHash(), files_sha256: Object.fromEntries(files.map((path) => [path, digest(path)])) };
      writeFileSync(join(PAGES, "build.json"), `${JSON.stringify(content, null, 2)}\n`);
    },
  };
}

/** Put script and style into the page itself, and write that one file. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const outputs = Object.values(bundle);
      const page = outputs.find((output) => output.fileName === "report.html");
      if (page?.type !== "asset") throw new Error("the report page was not built");
      const script = outputs.flatMap((output) => (output.type === "chunk" ? [output.code] : [])).join("\n");
      const style = outputs.flatMap((output) => (output.type === "asset" && output.fileName.endsWith(".css") ? [String(output.source)] : [])).join("\n");
      const html = String(page.source)
        .replace(/\s*<script type="module"[^>]*src=[^>]*><\/script>/, "")
        .replace(/\s*<link rel="(?:stylesheet|modulepreload)"[^>]*>/g, "")
        .replace("<!--style-->", () => `<style>${style.trim()}</style>`)
        .replace("<!--script-->", () => `<script type="module">${script.trim().replaceAll("</script", "<\\/script")}</script>`)
        .replace("<!--sources-->", `<meta name="affectloop-sources-sha256" content="${sourcesHash()}" />`);
      writeFileSync(REPORT, html);
      for (const name of Object.keys(bundle)) delete bundle[name];
    },
  };
}

export default defineConfig(({ mode }) => {
  const report = mode === "report";
  return {
    root: WEB,
    base: "/static/",
    publicDir: report ? false : "public",
    plugins: [svelte(), report ? oneFile() : stamp()],
    build: {
      outDir: report ? resolve(WEB, "node_modules/.report") : PAGES,
      emptyOutDir: true,
      target: "es2022",
      modulePreload: { polyfill: false },
      assetsInlineLimit: report ? Number.MAX_SAFE_INTEGER : 0,
      rollupOptions: { input: report ? ["report.html"] : ["index.html", "live.html"] },
      reportCompressedSize: true,
    },
    test: { include: ["tests/**/*.test.ts"] },
  };
});
