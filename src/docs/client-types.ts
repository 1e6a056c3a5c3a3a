/** The types of the dashboard's client: the OpenAPI document, as far as a compiler has a use for it. */
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { openApiDocument } from '../api/openapi.ts';

const HEADER = '/** Made from the OpenAPI document by `npm run gen`. */\n\n';

export async function clientTypes(): Promise<string> {
  const { webhooks: _, ...asked } = JSON.parse(JSON.stringify(openApiDocument()));
  const document = withoutWords(asked);
  const types = await openapiTS(document as unknown as OpenAPI3, {
    defaultNonNullable: false,
    emptyObjectsUnknown: true,
  });
  return HEADER + astToString(types);
}

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** One problem stands for all of them, and descriptions are for people. */
function withoutWords(given: Json, within = ''): Json {
  if (Array.isArray(given)) return given.map((each) => withoutWords(each, within));
  if (typeof given !== 'object' || given === null) return given;
  const isNamed = ['properties', 'schemas', 'responses'].includes(within);
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => isNamed || !['summary', 'example', 'tags', 'operationId'].includes(name))
      .filter(([name, value]) => isNamed || name !== 'description' || typeof value !== 'string')
      .filter(([name]) => within !== 'responses' || !/^[3-5]/.test(name))
      .map(([name, value]) => [name, name === 'responses' ? answers(value) : withoutWords(value, name)]),
  );
}

const PROBLEM = {
  description: '',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
const answers = (given: Json): Json => ({ ...(withoutWords(given, 'responses') as object), default: PROBLEM });
