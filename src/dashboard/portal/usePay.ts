/** Pays an open invoice, through the bank's page where it asks for it, and says how it went. */
import { useMutation } from '@tanstack/react-query';
import { api, ask } from '../api/client.ts';
import { toast } from '../base/toast.ts';
import { readInvoice, refresh, useQueryClient } from './data.ts';
import { type Confirmed, confirmed } from './stripe.ts';
import { useWords } from './words.ts';

const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 500;

export function usePay(onDone?: (how: Confirmed) => void) {
  const words = useWords();
  const client = useQueryClient();
  return useMutation({
    async mutationFn({ invoice, paymentMethodId }: { invoice: string; paymentMethodId?: string | undefined }) {
      const path = { id: invoice };
      const body = paymentMethodId ? { paymentMethodId } : {};
      const answer = await ask(api.POST('/api/billing/invoices/{id}/pay', { params: { path }, body }));
      const how = await confirmed(answer?.payment ?? null);
      if (answer?.payment?.status !== 'requires_action' || how !== 'succeeded') return how;
      // The bank has said yes to the processor, who tells the server: a moment later it is known here, too.
      for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_AGAIN_MS) {
        const { state } = await readInvoice(invoice);
        if (state === 'paid') return how;
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      }
      return 'processing';
    },
    async onSuccess(how) {
      await refresh(client);
      if (how === 'succeeded') toast(words.paid);
      if (how === 'processing') toast(words.processing);
      if (how === 'declined') toast(words.declined, { bad: true });
      if (how === 'not_confirmed') toast(words.notConfirmed, { bad: true });
      onDone?.(how);
    },
    onError: (error) => toast(words.notChanged(error.message), { bad: true }),
  });
}
