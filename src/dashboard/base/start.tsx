/** What both pages begin with: the theme, the address, the client, and one place to draw in. */
import './tokens.css';
import './base.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from '../api/query-client.ts';
import { startRouter } from './router.tsx';
import { applyTheme } from './theme.ts';

export function start(base: string, page: ReactNode): void {
  applyTheme();
  startRouter(base);
  createRoot(document.getElementById('app')!).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>{page}</QueryClientProvider>
    </StrictMode>,
  );
}
