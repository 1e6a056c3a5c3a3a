import { z } from 'zod';
import type { Tree } from '../form.ts';
import type { Call } from './call.ts';
import { parse } from './params.ts';

/** What goes back, and how: `losing` answers never arrive, `holdMs` ones arrive late. Only a `keep`t one is replayed. */
export type Answer = {
  status: number;
  body: object;
  keep: boolean;
  losing: number;
  holdMs: number;
  headers: Record<string, string>;
};

export const answer = (status: number, body: object, more: Partial<Answer> = {}): Answer => ({
  status,
  body,
  keep: true,
  losing: 0,
  holdMs: 0,
  headers: {},
  ...more,
});
export const ok = (body: object): Answer => answer(200, body);

/** An answer to what would happen: it did, and is to be undone. */
export class Rehearsed extends Error {
  readonly answer: Answer;

  constructor(given: Answer) {
    super('rehearsed');
    this.answer = given;
  }
}

export type Route = {
  method: 'GET' | 'POST' | 'DELETE';
  pattern: RegExp;
  run: (call: Call, params: Tree, id: string) => Answer;
};

/** `path` may have one `:id`. Parameters that `schema` doesn't name are refused. */
export function route<Shape extends z.ZodRawShape>(
  method: Route['method'],
  path: string,
  shape: Shape,
  handle: (call: Call, params: z.output<z.ZodObject<Shape>>, id: string) => Answer,
): Route {
  const schema = z.strictObject(shape);
  const pattern = new RegExp(`^${path.replace(':id', '([^/]+)')}$`);
  return {
    method,
    pattern,
    run: (call, params, id) => handle(call, parse(schema, params) as z.output<z.ZodObject<Shape>>, id),
  };
}
