import { takeToken } from '../api/session.ts';
import { start } from '../base/start.tsx';
import { Portal } from './Portal.tsx';

takeToken();
start('/portal', <Portal />);
