import pg from 'pg';
import { backOff } from './settings.ts';

/** Calls for each notification of a channel, with what it says; and with nothing when it listens, for what was told before. A connection that breaks is made again; meanwhile the relay's polling does its work. */
export function listen(
  url: string,
  channels: Readonly<Record<string, (told?: string) => void>>,
): { stop(): Promise<void> } {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let tries = 0;

  async function connect(): Promise<void> {
    const mine = new pg.Client({ connectionString: url, application_name: 'hydra-relay-listen', keepAlive: true });
    let isOver = false;
    const again = (): void => {
      if (isOver) return;
      isOver = true;
      if (client === mine) client = null;
      mine.removeAllListeners('notification');
      void mine.end().catch(() => {}); // it is broken already
      if (!stopped) timer = setTimeout(connect, backOff(500, 15_000, tries++));
    };
    mine.on('error', again);
    mine.on('end', again);
    mine.on('notification', ({ channel, payload }) => channels[channel]?.(payload));
    try {
      await mine.connect();
      for (const channel of Object.keys(channels)) await mine.query(`listen ${channel}`);
      if (stopped) return again();
      client = mine;
      tries = 0;
      for (const heard of Object.values(channels)) heard(); // for what was told while nobody listened
    } catch {
      again(); // the polling goes on, and its own failures are logged
    }
  }

  void connect();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const mine = client;
      client = null;
      await mine?.end();
    },
  };
}
