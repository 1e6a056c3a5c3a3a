/** `npm run gen`: writes every file that is made from code. A test compares each with what is committed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '../api/openapi.ts';
import { apiPage } from './api-page.ts';
import { envExample } from './env-example.ts';
import { architecture } from './state-diagram.ts';

export type Generated = { file: string; text: () => string };

export const generated: readonly Generated[] = [
  { file: '.env.example', text: envExample },
  { file: 'docs/api.md', text: apiPage },
  { file: 'docs/architecture.md', text: architecture },
  { file: 'docs/openapi.json', text: () => `${JSON.stringify(openApiDocument(), null, 2)}\n` },
];

export const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of generated) {
    writeFileSync(pathOf(file), text());
    console.log(`wrote ${file}, ${readFileSync(pathOf(file)).length} bytes`);
  }
}
