import { defineConfig } from 'vitest/config';

// `npm run dev` serves the page with an engine behind it: ROWHOOK_URL, by default http://127.0.0.1:8088,
// signed in with ROWHOOK_TOKEN if that is set.
const engine = process.env['ROWHOOK_URL'] ?? 'http://127.0.0.1:8088';
const token = process.env['ROWHOOK_TOKEN'];
// The engine takes changes from its own page only: behind the proxy this page is that one.
const headers: Record<string, string> = { Origin: engine, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
const behind = { target: engine, changeOrigin: true, ws: true, headers };

export default defineConfig({
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    outDir: process.env['ROWHOOK_PAGE_OUT'] ?? 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // data: URLs would need holes in the content security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      onwarn: (warning, warn) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning); // "use client" says nothing here
      },
    },
  },
  server: { proxy: { '/api': behind, '/metrics': behind } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
