/** `npm run gen`: writes every file that is made from code. A test compares each with what is committed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '../api/openapi.ts';
import { apiPage } from './api-page.ts';
import { clientTypes } from './client-types.ts';
import { envExample } from './env-example.ts';
import { eventsPage } from './events-page.ts';
import { architecture } from './state-diagram.ts';

export type Generated = { file: string; text: () => string | Promise<string> };

export const generated: readonly Generated[] = [
  { file: '.env.example', text: envExample },
  { file: 'docs/api.md', text: apiPage },
  { file: 'docs/architecture.md', text: architecture },
  { file: 'docs/events.md', text: eventsPage },
  { file: 'docs/openapi.json', text: () => `${JSON.stringify(openApiDocument(), null, 2)}\n` },
  { file: 'src/dashboard/api/openapi.ts', text: clientTypes },
];

export const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of generated) {
    writeFileSync(pathOf(file), await text());
    console.log(`wrote ${file}, ${readFileSync(pathOf(file)).length} bytes`);
  }
}
