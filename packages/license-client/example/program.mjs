/**
 * A program that asks which tier its machine has:
 *   node program.mjs ten_demo activate XXXXX-XXXXX-XXXXX-XXXXX
 *   node program.mjs ten_demo            offline, by what it holds
 *   node program.mjs ten_demo watch      and each change, as it comes
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createLicenseClient, LicenseError } from '../index.mjs';

const server = process.env.HYDRA_API ?? 'http://127.0.0.1:3000';
const [tenant = 'ten_demo', command, code] = process.argv.slice(2);
// A program that is shipped has these built in.
const { keys } = await (await fetch(new URL('/.well-known/jwks.json', server))).json();
const file = join(homedir(), '.example-program', `${tenant}.json`);
const licence = createLicenseClient({ server, product: 'example', tenant, keys, file });

const show = ({ tier, features, expiresAt }) => console.log(tier, features, `until ${expiresAt.toISOString()}`);
try {
  if (command === 'activate') show(await licence.activate(code, 'Example'));
  else if (command === 'refresh') show(await licence.refresh());
  else show(licence.check());
  if (command === 'watch') licence.watch((now, error) => (now ? show(now) : console.log(error.reason)));
} catch (error) {
  if (!(error instanceof LicenseError)) throw error;
  console.error(`${error.reason}: ${error.message}`);
  process.exitCode = 1;
}
