import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, flag, list, metadata, pagination, text, unsettable } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Product } from './wire.ts';

const fields = {
  ...expand,
  active: flag.optional(),
  description: unsettable(text).optional(),
  images: list(text).optional(),
  metadata: metadata.optional(),
  statement_descriptor: text.optional(),
  tax_code: unsettable(text).optional(),
  unit_label: unsettable(text).optional(),
  url: unsettable(text).optional(),
};

export const productRoutes: Route[] = [
  route('POST', '/v1/products', { ...fields, id: text.optional(), name: text }, (call, { id, name, ...params }) => {
    if (id !== undefined && call.store.get('product', id) !== undefined) {
      throw invalid('Product already exists.', { code: 'resource_already_exists', param: 'id' });
    }
    const { metadata, expand: _, ...rest } = params;
    return ok(add(call, { ...given(rest), ...(id && { id }), name, metadata: merged({}, metadata) }));
  }),
  route('GET', '/v1/products/:id', expand, (call, _, id) => ok(productFor(call, id))),
  route(
    'POST',
    '/v1/products/:id',
    { ...fields, default_price: text.optional(), name: text.optional() },
    (call, { metadata, expand: _, ...params }, id) => {
      const before = productFor(call, id);
      if (params.default_price !== undefined && call.store.get('price', params.default_price)?.product !== id) {
        throw missingReference('price', params.default_price, 'default_price');
      }
      const updated = call.now();
      const metadataAfter = merged(before.metadata, metadata);
      const after = call.store.put('product', { ...before, ...given(params), metadata: metadataAfter, updated });
      call.emit('product.updated', after, updated, previous(before, after));
      return ok(after);
    },
  ),
  route('DELETE', '/v1/products/:id', {}, (call, _, id) => {
    const product = productFor(call, id);
    for (const price of call.store.all('price')) {
      if (price.product !== id) continue;
      throw invalid('This product cannot be deleted because it has one or more user-created prices.');
    }
    call.store.remove('product', id);
    call.emit('product.deleted', product, call.now());
    return ok({ id, object: 'product', deleted: true });
  }),
  route(
    'GET',
    '/v1/products',
    { ...pagination, active: flag.optional(), created: created.optional(), ids: list(text).optional() },
    (call, { active, ids, ...params }) =>
      page(call, 'product', '/v1/products', params, (product) => {
        if (active !== undefined && product.active !== active) return false;
        if (ids !== undefined && !ids.includes(product.id)) return false;
        return within(product.created, params.created);
      }),
  ),
];

export function productFor(call: Call, id: string): Product {
  const product = call.store.get('product', id);
  if (product === undefined) throw missing('product', id);
  return product;
}

export function add(call: Call, fields: Partial<Product> & { name: string }): Product {
  const at = call.now();
  const product = call.store.put('product', {
    id: newId('prod', 14),
    object: 'product',
    active: true,
    created: at,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: at,
    url: null,
    ...fields,
  });
  call.emit('product.created', product, at);
  return product;
}
