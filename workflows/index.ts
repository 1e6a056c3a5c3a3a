export { advance_clock } from './advance-clock.ts';
export { recognise_revenue } from './recognise-revenue.ts';
export { subscription } from './subscription.ts';
