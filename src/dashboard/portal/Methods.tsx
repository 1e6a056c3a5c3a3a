import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Badge } from '../base/Badge.tsx';
import { Button } from '../base/Button.tsx';
import { Dialog } from '../base/Dialog.tsx';
import { Empty } from '../base/Empty.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { navigate, useSearch } from '../base/router.tsx';
import { toast } from '../base/toast.ts';
import { AddCard } from './CardForm.tsx';
import { type PaymentMethod, refresh, useMethods, useQueryClient } from './data.ts';
import { methodName } from './sentence.ts';
import { useWords } from './words.ts';

export function Methods({ isAddingAtOnce = false }: { isAddingAtOnce?: boolean }) {
  const words = useWords();
  const methods = useMethods();
  const [isAdding, setAdding] = useState(isAddingAtOnce);
  const paypal = usePaypal();
  return (
    <>
      <h1>{words.methodsTitle}</h1>
      <section className="card stack">
        <Loaded query={methods}>
          {(all) =>
            all.length === 0 ? (
              <Empty title={words.noMethods} />
            ) : (
              <ul className="methods">
                {all.map((each) => (
                  <Method key={each.id} method={each} />
                ))}
              </ul>
            )
          }
        </Loaded>
        <div className="row">
          <Button look="primary" onClick={() => setAdding(true)}>
            {words.addCard}
          </Button>
          <Button busy={paypal.isPending} onClick={() => paypal.mutate()}>
            {words.addPaypal}
          </Button>
        </div>
        {paypal.isError && <ErrorNote error={paypal.error} />}
      </section>
      {isAdding && <AddCard onClose={() => setAdding(false)} />}
    </>
  );
}

/** The customer agrees on PayPal's own page and comes back with what it has called the agreement. */
function usePaypal() {
  const words = useWords();
  const client = useQueryClient();
  const search = useSearch();
  const setupId = search.get('approval_token_id') ?? (search.has('paypal') ? search.get('token') : null);
  const save = useMutation({
    mutationFn: (id: string) =>
      ask(api.POST('/api/billing/payment-methods', { body: { setupId: id, processor: 'paypal' } })),
    async onSuccess() {
      await refresh(client);
      toast(words.paypalSaved);
    },
    onError: (error) => toast(words.notChanged(error.message), { bad: true }),
  });
  const { mutate } = save;
  const taken = useRef(false);
  useEffect(() => {
    if (!setupId || taken.current) return;
    taken.current = true;
    navigate('/payment-methods', { replace: true });
    mutate(setupId);
  }, [setupId, mutate]);
  return useMutation({
    async mutationFn() {
      const returnUrl = `${location.origin}/portal/payment-methods?paypal=1`;
      const answer = await ask(api.POST('/api/billing/payment-methods', { body: { processor: 'paypal', returnUrl } }));
      if (!('setup' in answer) || !answer.setup.approveUrl) throw new Error('no page to go to');
      location.assign(answer.setup.approveUrl);
    },
  });
}

type MethodList = Schemas['PaymentMethodList'];

function Method({ method }: { method: PaymentMethod }) {
  const words = useWords();
  const client = useQueryClient();
  const [isRemoving, setRemoving] = useState(false);
  const name = methodName(method, words);
  const path = { id: method.id };
  const choose = useMutation({
    mutationFn: () => ask(api.POST('/api/billing/payment-methods/{id}/default', { params: { path } })),
    async onMutate() {
      await client.cancelQueries({ queryKey: ['methods'] });
      const before = client.getQueryData<MethodList>(['methods']);
      client.setQueryData<MethodList>(
        ['methods'],
        (list) => list && { ...list, data: list.data.map((each) => ({ ...each, isDefault: each.id === method.id })) },
      );
      return before;
    },
    onSuccess: () => toast(words.defaultNow(name)),
    onError(error, _, before) {
      client.setQueryData(['methods'], before);
      toast(words.notChanged(error.message), { bad: true });
    },
    onSettled: () => refresh(client),
  });
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE('/api/billing/payment-methods/{id}', { params: { path } })),
    async onSuccess() {
      setRemoving(false);
      await refresh(client);
      toast(words.removed);
    },
  });
  return (
    <li className="row apart">
      <span className="row">
        <strong>{name}</strong>
        {method.isDefault && <Badge tone="accent">{words.isDefault}</Badge>}
      </span>
      <span className="row">
        {!method.isDefault && (
          <Button
            slim
            busy={choose.isPending}
            aria-label={words.makeDefaultNamed(name)}
            onClick={() => choose.mutate()}
          >
            {words.makeDefault}
          </Button>
        )}
        <Button look="quiet" slim aria-label={words.removeNamed(name)} onClick={() => setRemoving(true)}>
          {words.remove}
        </Button>
      </span>
      {isRemoving && (
        <Dialog title={words.removeTitle} onClose={() => setRemoving(false)}>
          <p>{name}</p>
          {remove.isError && <ErrorNote error={remove.error} />}
          <div className="row end">
            <Button onClick={() => setRemoving(false)}>{words.cancel}</Button>
            <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
              {words.remove}
            </Button>
          </div>
        </Dialog>
      )}
    </li>
  );
}
