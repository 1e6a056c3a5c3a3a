import { variables } from '../config.ts';

/** `.env.example` as the schema in config.ts says it. */
export function envExample(): string {
  const lines = [
    '# What the processes read from the environment. Written by `npm run gen` from src/config.ts: change it there.',
    '# X_FILE names a file that holds the value of X. `npm start` brings development values for everything.',
  ];
  let group = '';
  for (const [name, each] of Object.entries(variables)) {
    if (each.group !== group) {
      group = each.group;
      lines.push('', `# --- ${group}`);
    }
    const needed = 'required' in each ? 'Required' : null;
    const fallback = 'fallback' in each ? `Default${needed ? ' in development' : ''}: ${each.fallback}` : null;
    lines.push(`# ${[each.about, needed && `${needed}.`, fallback && `${fallback}`].filter(Boolean).join(' ')}`);
    const value = 'example' in each ? each.example : 'fallback' in each ? each.fallback : '';
    lines.push(`${needed ? '' : '# '}${name}=${value}`);
  }
  return `${lines.join('\n')}\n`;
}
