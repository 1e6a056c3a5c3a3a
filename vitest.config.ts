import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks', // the Temporal worker is native code, which does not like to share a process with a second copy
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A machine that builds may stall for a second where nobody looks: there a test has a second try, and is named at the
    // end if it needed it. A property that fell has found something, and has none.
    retry: process.env.CI ? { count: 1, condition: /^(?!Property failed)/ } : 0,
  },
});
