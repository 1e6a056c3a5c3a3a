/** Each mail in each language, as it is rendered, and what a template may not say. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { Language } from '../../src/documents/words.ts';
import { exampleOf, MESSAGES, messageNames, type Values, variablesOf } from '../../src/mail/messages.ts';
import { checkTemplate, htmlOf, inkOn, render, type Template, textOf } from '../../src/mail/template.ts';
import { dictionaries } from '../../src/mail/words/dictionary.ts';

const languages = Object.keys(dictionaries) as Language[];
const every = messageNames.flatMap((message) => languages.map((language) => [message, language] as const));
const look = (language: Language) => ({ language, seller: 'Acme', accent: '#1f3a5f', footer: ['why'], test: null });

describe.each(every)('%s in %s', (message, language) => {
  const template = dictionaries[language].templates[message];

  test('names nothing that it does not know', () => expect(checkTemplate(message, template)).toEqual([]));

  test('says everything that is always there, and leaves no brace', () => {
    const values = exampleOf(message);
    const { subject, blocks } = render(template, values);
    const said = subject + textOf(blocks, []);
    expect(said).not.toMatch(/[{}]/);
    // Who sells stands at the head of each mail anyway, and some speak of no plan.
    const spoken = MESSAGES[message].always.filter((name) => name !== 'seller' && name !== 'plan');
    for (const name of spoken) expect(said, name).toContain(values[name]);
  });

  test('has no hole where what is known only sometimes is not', () => {
    const values = Object.fromEntries(MESSAGES[message].always.map((name) => [name, exampleOf(message)[name]]));
    const { subject, blocks } = render(template, values);
    expect(subject.trim()).not.toBe('');
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(block.kind === 'text' ? block.lines.join('') : block.address).not.toBe('');
    expect(textOf(blocks, [])).not.toMatch(/null|undefined| {2}/);
  });

  test('escapes what is put in', () => {
    const evil: Values = Object.fromEntries(
      variablesOf(message).map((name) => [name, `"><img src=x onerror='${name}'>`]),
    );
    const html = htmlOf(render(template, evil), look(language));
    expect(html).not.toContain('<img');
    expect(html).not.toContain("onerror='");
    expect(html).toContain('&lt;img src=x');
  });
});

test('every decline has advice in every language', () => {
  for (const language of languages) {
    expect(Object.keys(dictionaries[language].advice).sort()).toEqual(Object.keys(dictionaries.en.advice).sort());
  }
});

const sound: Template = { subject: 'Receipt {{invoice}}', body: 'Hello {{name}},\n\nwe have {{amount}}.' };

test.each<[string, Partial<Template>, string, RegExp]>([
  [
    'an unknown variable in the body',
    { body: '{{amont}} came' },
    'body',
    /\{\{amont\}\} is unknown; receipt knows .*amount/,
  ],
  ['an unknown variable in the subject', { subject: '{{password}}' }, 'subject', /\{\{password\}\} is unknown/],
  ['one of another message', { body: '{{payUrl}}' }, 'body', /\{\{payUrl\}\} is unknown/],
  ['one that is not always there, in the subject', { subject: 'By {{card}}' }, 'subject', /not always there/],
  ['a brace that closes nothing', { body: 'Hello {{name}, and {{amount}}' }, 'body', /braces/],
  ['an expression', { body: '{{ amount + 1 }}' }, 'body', /braces/],
  ['two lines as a subject', { subject: 'Receipt\nBcc: all@example.com' }, 'subject', /one line/],
  ['a button to what is no address', { body: '[Here](amount)' }, 'body', /no address that a button/],
  ['a button to an unknown address', { body: '[Here](evilUrl)' }, 'body', /\{\{evilUrl\}\}/],
  ['an empty body', { body: ' \n\n ' }, 'body', /empty/],
  ['an empty subject', { subject: ' ' }, 'subject', /empty/],
])('%s is refused, and named', (_, over, path, words) => {
  expect(checkTemplate('receipt', { ...sound, ...over })).toContainEqual({
    path,
    message: expect.stringMatching(words),
  });
});

test('a sound one is taken', () => {
  expect(checkTemplate('receipt', sound)).toEqual([]);
  expect(checkTemplate('payment_failed', { subject: 'x', body: '[Pay](payUrl)\r\n\r\n{{ advice }}' })).toEqual([]);
});

test('markup in a template is text', () => {
  const html = htmlOf(render({ ...sound, body: '<script>alert(1)</script>' }, {}), look('en'));
  expect(html).toContain('&lt;script&gt;');
  expect(html).not.toContain('<script');
});

property.prop([fc.string(), fc.string()])('no value makes a line or a tag of its own', (name, amount) => {
  const rendered = render({ subject: 'A {{amount}} b', body: '{{name}}' }, { name, amount });
  expect(rendered.subject).not.toMatch(/[\r\n]/);
  const html = htmlOf(rendered, look('en'));
  expect(html.match(/</g)?.length).toBe(
    htmlOf(render({ subject: 'A', body: 'b' }, {}), look('en')).match(/</g)?.length,
  );
});

property.prop([fc.integer({ min: 0, max: 0xffffff })])('what is written on any colour can be read', (colour) => {
  const accent = `#${colour.toString(16).padStart(6, '0')}`;
  const [dark, light] = [luminance(accent), luminance(inkOn(accent))].sort((a, b) => a - b) as [number, number];
  expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5);
});

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
