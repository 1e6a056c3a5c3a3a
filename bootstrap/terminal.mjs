/** What a person reads: lines, one line of progress that changes in place, colours. Plain lines where it is no terminal. */

/** @typedef {ReturnType<typeof createTerminal>} Terminal */

/** @param {{ stream?: NodeJS.WriteStream, env?: NodeJS.ProcessEnv }} [options] */
export function createTerminal({ stream = process.stdout, env = process.env } = {}) {
  const live = Boolean(stream.isTTY);
  const colours = live && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (code) => (text) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  /** @type {Map<string, number>} what is under way, and since when */
  const steps = new Map();
  let timer;

  const clear = () => live && stream.write('\r\x1b[K');
  function draw() {
    if (!live || steps.size === 0) return;
    const seconds = Math.floor((performance.now() - Math.min(...steps.values())) / 1000);
    const text = `… ${[...steps.keys()].join(', ')}${seconds > 1 ? ` (${seconds} s)` : ''}`;
    stream.write(`\r\x1b[K${text.slice(0, (stream.columns || 80) - 1)}`);
  }
  function line(text = '') {
    clear();
    stream.write(`${text}\n`);
    draw();
  }

  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
    line,
    /**
     * Names what is going on while the work lasts.
     * @template T
     * @param {string} label
     * @param {() => Promise<T>} work
     * @returns {Promise<T>}
     */
    async during(label, work) {
      const began = performance.now();
      steps.set(label, began);
      if (live) {
        timer ??= setInterval(draw, 500).unref();
        draw();
      } else line(`… ${label}`);
      try {
        const result = await work();
        const seconds = (performance.now() - began) / 1000;
        if (seconds > 5) line(`  ${label}: ${seconds.toFixed(0)} s`);
        return result;
      } finally {
        steps.delete(label);
        if (steps.size === 0) {
          clearInterval(timer);
          timer = undefined;
          clear();
        } else draw();
      }
    },
  };
}
