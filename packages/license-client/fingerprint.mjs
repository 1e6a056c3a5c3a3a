/** What tells one machine from another, hashed with the product's own salt: nothing of the machine leaves it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, cpus, networkInterfaces, platform } from 'node:os';

const read = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // not on this system, or not for this user
  }
};
const ask = (command, args, pattern) => {
  try {
    return (
      pattern.exec(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[1] ?? ''
    );
  } catch {
    return '';
  }
};

function machineId() {
  switch (platform()) {
    case 'darwin':
      return ask('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], /"IOPlatformUUID" = "([^"]+)"/);
    case 'win32':
      return ask(
        'reg',
        ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid'],
        /MachineGuid\s+REG_SZ\s+(\S+)/,
      );
    default:
      return read('/etc/machine-id') || read('/var/lib/dbus/machine-id');
  }
}

/** A clone has the same disk, so the same machine id; its network cards and its board are its host's. */
function hardware() {
  const cards = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|veth|br-|virbr|tun|tap|utun|awdl|llw)/.test(name))
    .flatMap(([, all = []]) => all.map(({ mac }) => mac))
    .filter((mac) => mac !== '00:00:00:00:00:00');
  const board = ['product_uuid', 'board_serial'].map((each) => read(`/sys/class/dmi/id/${each}`));
  return [...new Set(cards)].sort().concat(board);
}

/** 43 signs of base64url. The salt is the product's: two vendors can't tell that they see the same machine. */
export function anchorOf(salt, parts = [machineId(), platform(), arch(), cpus()[0]?.model ?? '', ...hardware()]) {
  return createHash('sha256')
    .update(JSON.stringify([salt, ...parts]))
    .digest('base64url');
}
