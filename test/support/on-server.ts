import pg from 'pg';

/** One statement on a connection of its own: for what a pool can't do, or should not know of. */
// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
export async function onServer(url: string, statement: string): Promise<any[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
