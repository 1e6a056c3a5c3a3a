/** The simulator as a process of its own. */
import { startSimulator } from '../simulator/server.ts';

const { PORT, HOST, SIMULATOR_DATA, SIMULATOR_PUBLIC_URL } = process.env;
const { SIMULATOR_WEBHOOK_URL: url, SIMULATOR_WEBHOOK_SECRET: secret } = process.env;
const { SIMULATOR_PAYPAL_WEBHOOK_URL: paypalUrl, SIMULATOR_PAYPAL_WEBHOOK_ID: paypalId } = process.env;

if ((url === undefined) !== (secret === undefined)) {
  throw new Error('SIMULATOR_WEBHOOK_URL and SIMULATOR_WEBHOOK_SECRET go together');
}

const simulator = await startSimulator({
  port: Number(PORT ?? 12111),
  ...(HOST && { host: HOST }),
  ...(SIMULATOR_PUBLIC_URL && { publicUrl: SIMULATOR_PUBLIC_URL }),
  ...(SIMULATOR_DATA && { dataFile: SIMULATOR_DATA }),
  ...(url && secret && { webhook: { url, secret } }),
  ...(paypalUrl && paypalId && { paypalWebhook: { url: paypalUrl, id: paypalId } }),
});

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await simulator.stop();
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

console.log(`simulator at ${simulator.url}`);
process.send?.({ ready: true, url: simulator.url });
