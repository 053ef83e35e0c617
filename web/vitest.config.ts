// How the dashboard's own tests run: built as it is, in a document without a browser.

import { mergeConfig } from 'vite';
import { defineConfig } from 'vitest/config';
import build from './vite.config.js';

export default mergeConfig(build, defineConfig({
  test: { environment: 'happy-dom', include: ['tests/**/*.test.{ts,tsx}'] },
}));
