import { mergeConfig } from 'vitest/config';
import all from '../../vitest.config.ts';

export default { ...mergeConfig(all, {}), test: { ...all.test, include: ['test/pages/screenshots.ts'] } };
