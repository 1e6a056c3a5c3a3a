/** Run by a test in a process of its own: prints what it has printed, hashed. */
import { createHash } from 'node:crypto';
import { invoicePaper } from '../../src/documents/invoice-document.ts';
import { drawPaper } from '../../src/documents/paper.ts';
import { ENGLISH, printed } from './invoices.ts';

const bytes = await drawPaper(invoicePaper(printed(), ENGLISH));
process.stdout.write(createHash('sha256').update(bytes).digest('hex'));
