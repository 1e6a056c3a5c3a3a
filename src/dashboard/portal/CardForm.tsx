/** The processor's own fields in a frame of theirs: what is typed there never touches this page. */

import type { Stripe, StripeElements } from '@stripe/stripe-js';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, ask } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Dialog } from '../base/Dialog.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import { toast } from '../base/toast.ts';
import { type PaymentMethod, refresh, useQueryClient } from './data.ts';
import { stripeFor } from './stripe.ts';
import { useWords } from './words.ts';

type Fields = { stripe: Stripe; elements: StripeElements };

/** Colours are the page's own: the frame can't read our variables. */
function appearance() {
  const style = getComputedStyle(document.documentElement);
  const isDark =
    style.colorScheme === 'dark' ||
    (style.colorScheme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  return { theme: isDark ? ('night' as const) : ('stripe' as const), variables: { borderRadius: '6px' } };
}

export function AddCard({ onClose, onAdded }: { onClose: () => void; onAdded?: (method: PaymentMethod) => void }) {
  const words = useWords();
  const client = useQueryClient();
  const place = useRef<HTMLDivElement>(null);
  const fields = useRef<Fields | null>(null);
  const [isReady, setReady] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);

  const prepare = useMutation({
    mutationFn: async (): Promise<Fields> => {
      const answer = await ask(api.POST('/api/billing/payment-methods', { body: {} }));
      if (!('setup' in answer) || !answer.setup.clientSecret || !answer.publishableKey) throw new Error('no set-up');
      const stripe = await stripeFor(answer.publishableKey);
      const elements = stripe.elements({ clientSecret: answer.setup.clientSecret, appearance: appearance() });
      return { stripe, elements };
    },
    onSuccess(made) {
      fields.current = made;
      const element = made.elements.create('payment', { layout: 'tabs' });
      element.on('ready', () => setReady(true));
      element.mount(place.current!);
    },
  });
  const { mutate: begin } = prepare;
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    begin();
  }, [begin]);

  const save = useMutation({
    async mutationFn() {
      const { stripe, elements } = fields.current!;
      setWrong(null);
      const result = await stripe.confirmSetup({
        elements,
        redirect: 'if_required',
        confirmParams: { return_url: location.href },
      });
      if (result.error) return setWrong(result.error.message ?? words.declined);
      const { payment_method: made } = result.setupIntent;
      const id = typeof made === 'string' ? made : made!.id;
      const method = await ask(api.POST('/api/billing/payment-methods', { body: { paymentMethodId: id } }));
      if ('setup' in method) throw new Error('no method');
      if (onAdded) return onAdded(method);
      if (!method.isDefault) {
        await ask(api.POST('/api/billing/payment-methods/{id}/default', { params: { path: { id: method.id } } }));
      }
      await refresh(client);
      toast(words.cardSaved);
      onClose();
    },
  });

  return (
    <Dialog title={words.addCard} onClose={onClose}>
      {prepare.isError ? (
        <ErrorNote error={prepare.error} onRetry={() => prepare.mutate()} />
      ) : (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady && !save.isPending) save.mutate();
          }}
        >
          {!isReady && <Skeleton lines={2} />}
          <div ref={place} className="card-fields" />
          {wrong && (
            <p className="wrong" role="alert">
              {wrong}
            </p>
          )}
          {save.isError && <ErrorNote error={save.error} />}
          <p className="small soft">{words.cardSafe}</p>
          <div className="row end">
            <Button onClick={onClose}>{words.cancel}</Button>
            <Button type="submit" look="primary" busy={!isReady || save.isPending}>
              {words.saveCard}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
