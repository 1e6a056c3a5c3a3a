import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalOf, decimalText, ONE, parseDecimal } from '../../src/domain/decimal.ts';
import { measure, versionAt } from '../../src/domain/meter.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { readEvent } from '../../src/domain/usage-event.ts';
import { joined, stretchesOf, windowOf, windowOver } from '../../src/domain/usage-window.ts';

describe('decimals', () => {
  test.each([
    ['0', '0'],
    ['-0.50', '-0.5'],
    ['12345678901234567890.000000000001', '12345678901234567890.000000000001'],
  ])('%s is %s', (text, written) => expect(decimalText(parseDecimal(text)!)).toBe(written));

  test.each([['1e3'], ['.5'], ['5.'], ['0.0000000000001'], [''], ['--1']])('%s is none', (text) =>
    expect(parseDecimal(text)).toBeNull(),
  );

  test.each<[number, string | null]>([
    [0.1, '0.1'],
    [1e-7, '0.0000001'],
    [1e-13, null],
    [1e21, null],
    [-2.5, '-2.5'],
  ])('the number %s is %s', (value, written) => {
    const decimal = decimalOf(value);
    expect(decimal === null ? null : decimalText(decimal)).toBe(written);
  });
});

describe('a range', () => {
  test('is read from the fewest windows', () => {
    const from = Date.parse('2027-01-01T22:58:30Z');
    const to = Date.parse('2027-01-04T01:02:03Z');
    expect(
      stretchesOf(from, to).map(({ grain, from: a, to: b }) => [grain, (b - a) / (grain === 'events' ? 1 : grain)]),
    ).toEqual([
      ['events', 30_000],
      [MINUTE, 1],
      [HOUR, 1],
      [DAY, 2],
      [HOUR, 1],
      [MINUTE, 2],
      ['events', 3_000],
    ]);
  });

  test('is covered once, whatever it is', () => {
    const instants = fc.integer({ min: 0, max: 90 * DAY });
    fc.assert(
      fc.property(instants, instants, (from, to) => {
        const stretches = stretchesOf(from, to);
        let at = from;
        for (const { grain, from: start, to: end } of stretches) {
          expect(start).toBe(at);
          if (grain !== 'events') expect([start % grain, end % grain]).toEqual([0, 0]);
          at = end;
        }
        if (from < to) expect(at).toBe(to);
        expect(stretches.filter(({ grain }) => grain === 'events').every(({ from, to }) => to - from < MINUTE)).toBe(
          true,
        );
      }),
    );
  });
});

test('windows add up, wherever they are cut', () => {
  const points = fc.uniqueArray(
    fc.record({ at: fc.integer({ min: 0, max: 1000 }), id: fc.string(), value: fc.bigInt(-100n, 100n) }),
    { minLength: 2, maxLength: 20, selector: ({ at }) => at },
  );
  fc.assert(
    fc.property(points, fc.integer({ min: 0, max: 1000 }), (all, cut) => {
      const parts = [all.filter(({ at }) => at < cut), all.filter(({ at }) => at >= cut)].flatMap(
        (part) => windowOver(part) ?? [],
      );
      expect(parts.reduceRight((later, earlier) => joined(earlier, later))).toEqual(windowOver(all));
      const { area: _, ...whole } = windowOver(all)!;
      const { area: __, ...anyOrder } = all.map(windowOf).reduce(joined);
      expect(anyOrder).toEqual(whole);
    }),
  );
});

describe('a meter', () => {
  const meter = (over: object) => ({
    key: 'm',
    document: { name: 'M', eventType: 'e', aggregation: 'sum' as const, property: 'n', ...over },
  });
  test.each<[string, object, object, unknown]>([
    ['counts each event once', { aggregation: 'count', property: undefined }, {}, { value: ONE }],
    ['adds a number', {}, { n: 1.5 }, { value: (ONE * 3n) / 2n }],
    ['takes no text for a number', {}, { n: '12' }, { reason: 'data.n is a text, and meter m needs a number' }],
    ['misses what is not there', {}, {}, { reason: 'data.n is missing, and meter m needs a number' }],
    ['takes nothing below 0', {}, { n: -1 }, { reason: 'data.n is -1, and meter m takes nothing below 0' }],
    ['or does', { negative: true }, { n: -1 }, { value: -ONE }],
    ['leaves out what its filters do', { filters: [{ property: 'ok', in: ['true'] }] }, { n: 1, ok: false }, null],
    ['and no more', { filters: [{ property: 'ok', in: ['true'] }] }, { n: 1, ok: true }, { value: ONE }],
    ['tells dimensions apart', { groupBy: ['a', 'b'] }, { n: 1, b: 2 }, { dims: '["","2"]' }],
    ['tells one from another', { aggregation: 'unique' }, { n: 'ada' }, { item: 'ada', value: ONE }],
  ])('%s', (_what, document, data, measured) => {
    const said = measure(meter(document), data as Record<string, unknown>);
    if (measured === null) expect(said).toBeNull();
    else expect(said).toMatchObject(measured as object);
  });

  test('its version is that of when the period began', () => {
    const versions = [100, 200].map((effectiveAt) => ({ key: 'm', effectiveAt }));
    expect([50, 100, 199, 200].map((at) => versionAt(versions, 'm', at)?.effectiveAt)).toEqual([100, 100, 100, 200]);
    expect(versionAt(versions, 'other', 100)).toBeNull();
  });
});

test.each<[string, unknown, string]>([
  ['a list', [], 'an event is an object'],
  [
    'without an id',
    { id: '', type: 'e', subject: 'c', time: '2027-01-01T00:00:00Z' },
    'id is a text of up to 255 letters',
  ],
  [
    'a day for a time',
    { id: '1', type: 'e', subject: 'c', time: '2027-01-01' },
    'time is when it happened, such as 2027-01-31T12:00:00Z',
  ],
  [
    'no such time',
    { id: '1', type: 'e', subject: 'c', time: '2027-13-01T00:00:00Z' },
    'time is 2027-13-01T00:00:00Z, and there is no such time',
  ],
  [
    'data that is none',
    { id: '1', type: 'e', subject: 'c', time: '2027-01-01T00:00:00Z', data: 1 },
    'data is an object',
  ],
])('an event is refused: %s', (_what, said, reason) =>
  expect(readEvent(said)).toMatchObject({ code: 'malformed', reason }),
);
