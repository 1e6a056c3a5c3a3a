import type { PriceBook } from '../src/domain/price-book.ts';

export type { Feature, Tier } from '../src/domain/feature.ts';
export type { AddOn, Charge, Plan, Price, PriceBook as Catalog } from '../src/domain/price-book.ts';

/** Everything that is sold, as `hydra catalog push` takes it from `billing.config.ts`. */
export declare function defineCatalog(catalog: PriceBook): PriceBook;
