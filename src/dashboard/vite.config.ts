import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Two pages, a bundle each. What both need is a chunk that is fetched along with either. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    // The policy allows nothing inline, and so no data: either.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: ['portal.html', 'console.html'].map((page) => `${import.meta.dirname}/${page}`) },
  },
});
