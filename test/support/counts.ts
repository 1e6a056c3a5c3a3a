import type { Reporter, TestModule } from 'vitest/node';

/** Tells `bootstrap/test.mjs`, which started us, how many tests passed and failed, and which needed a second try. */
export default class Counts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    const flaky: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') passed += 1;
        if (test.result().state === 'failed') failed += 1;
        if (test.diagnostic()?.flaky) flaky.push(`${module.relativeModuleId} > ${test.fullName}`);
      }
      if (module.errors().length > 0) failed += 1; // a file that could not be loaded has no tests to count
      for (const suite of module.children.allSuites()) failed += suite.errors().length > 0 ? 1 : 0;
    }
    process.send?.({ passed, failed, flaky });
  }
}
