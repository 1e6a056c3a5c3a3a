/** What the demo's company sells: the example of a catalog kept as code. */
export { default as demoPriceBook } from '../../examples/billing.config.ts';
