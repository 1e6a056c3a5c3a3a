import { takeToken } from '../api/session.ts';
import { start } from '../base/start.tsx';
import { Console } from './Console.tsx';

takeToken();
start('/console', <Console />);
