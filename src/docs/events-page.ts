import { type EventType, eventTypes } from '../domain/event-types.ts';
import { withBetween } from './between.ts';

function table(): string {
  const rows = (Object.keys(eventTypes) as EventType[]).map((type) => {
    const { about, data } = eventTypes[type];
    const fields = Object.entries(data).map(([name, kind]) => `\`${name}\` ${kind}`);
    return `| \`${type}\` | ${about} | ${fields.join(', ')} |`;
  });
  return ['| type | what it means | `data` |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The page as it is, with every type of event. */
export const eventsPage = (): string => withBetween('docs/events.md', 'types', table());
