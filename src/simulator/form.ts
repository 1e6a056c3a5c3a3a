/** Stripe's form encoding: `items[0][price]=x&metadata[a]=b` is a tree of strings. */

export type Tree = { [key: string]: string | Tree };

const MAX_DEPTH = 8;

/** Arrays stay trees with the keys 0, 1, 2: only the schema of a parameter knows whether it is a list or a map. */
export function decodeForm(text: string): Tree {
  const tree = branch();
  for (const [name, value] of new URLSearchParams(text)) set(tree, pathOf(name), value);
  return tree;
}

function pathOf(name: string): string[] {
  const start = name.indexOf('[');
  if (start <= 0 || !name.endsWith(']')) return [name];
  return [name.slice(0, start), ...name.slice(start + 1, -1).split('][')].slice(0, MAX_DEPTH);
}

function set(tree: Tree, path: readonly string[], value: string): void {
  let node = tree;
  path.forEach((part, depth) => {
    const key = part === '' ? String(Object.keys(node).length) : part; // `expand[]=a&expand[]=b`
    if (depth === path.length - 1) {
      node[key] = value;
      return;
    }
    const next = node[key];
    const child = typeof next === 'object' ? next : branch();
    node[key] = child;
    node = child;
  });
}

/** Without a prototype, so that a parameter called `__proto__` is only a name. */
function branch(): Tree {
  return Object.create(null) as Tree;
}
