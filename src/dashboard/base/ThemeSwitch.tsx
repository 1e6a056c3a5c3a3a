import { setTheme, type Theme, useTheme } from './theme.ts';
import { useReader } from './words.ts';

export function ThemeSwitch() {
  const { words } = useReader();
  return (
    <label className="switch">
      <span className="hidden">{words.theme}</span>
      <select value={useTheme()} onChange={(event) => setTheme(event.target.value as Theme)}>
        {(['system', 'light', 'dark'] as const).map((theme) => (
          <option key={theme} value={theme}>
            {words.themes[theme]}
          </option>
        ))}
      </select>
    </label>
  );
}
