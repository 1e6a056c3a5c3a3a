import { beginSession } from '../api/session.ts';
import { start } from '../base/start.tsx';
import { Console } from './Console.tsx';

void beginSession().then(() => start('/console', <Console />));
