/** How an invoice is to be paid. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { CHARGE, type Collect } from '../../domain/invoice.ts';
import { badField } from '../problem.ts';
import { text } from './text.ts';

extendZodWithOpenApi(z);

export const collectFields = {
  collect: z.enum(['charge', 'send']).optional().openapi({
    default: 'charge',
    description: 'Charged by us; or sent, to be paid within `netDays`.',
  }),
  netDays: z.int().min(0).max(365).optional().openapi({ description: 'With `send`; 30 where it is left out.' }),
  purchaseOrder: text(64).optional().openapi({ description: 'With `send`: the number that the buyer wants to see.' }),
};
const NET_DAYS = 30;

type Given = { collect?: Collect['by']; netDays?: number; purchaseOrder?: string };

/** Null where nothing was said. */
export function collectFrom({ collect, netDays, purchaseOrder }: Given): Collect | null {
  if (collect === 'send') return { by: 'send', netDays: netDays ?? NET_DAYS, purchaseOrder: purchaseOrder ?? null };
  if (netDays !== undefined) throw badField('netDays', 'only an invoice that is sent has them: say `collect: send`');
  if (purchaseOrder !== undefined)
    throw badField('purchaseOrder', 'only an invoice that is sent has one: say `collect: send`');
  return collect === 'charge' ? CHARGE : null;
}
