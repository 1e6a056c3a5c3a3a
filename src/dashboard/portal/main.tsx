import { beginSession } from '../api/session.ts';
import { start } from '../base/start.tsx';
import { Portal } from './Portal.tsx';

void beginSession().then(() => start('/portal', <Portal />));
