export { advance_clock } from './advance-clock.ts';
export { subscription } from './subscription.ts';
