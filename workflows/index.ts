export { advance_clock } from './advance-clock.ts';
export { migrate_price_book } from './migrate-price-book.ts';
export { recognise_revenue } from './recognise-revenue.ts';
export { reconcile } from './reconcile.ts';
export { subscription } from './subscription.ts';
