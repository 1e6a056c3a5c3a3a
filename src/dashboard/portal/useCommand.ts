/** A command to a subscription: shown as done at once where that is safe, and taken back visibly where the server disagrees. */
import { useMutation } from '@tanstack/react-query';
import { toast } from '../base/toast.ts';
import { refresh, type Subscription, showAs, useQueryClient } from './data.ts';
import { useWords } from './words.ts';

type Answer = { subscription: Subscription } | undefined;
type Command<Input> = {
  subscription: Subscription;
  send: (input: Input) => Promise<Answer>;
  /** What it will have become, if nothing goes wrong. */
  expected?: (input: Input) => Partial<Subscription>;
  said: (after: Subscription | null, input: Input) => string;
  onDone?: () => void;
};

export function useCommand<Input = void>({ subscription, send, expected, said, onDone }: Command<Input>) {
  const words = useWords();
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    async onMutate(input: Input) {
      if (!expected) return;
      await client.cancelQueries({ queryKey: ['subscriptions'] });
      showAs(client, subscription.id, expected(input));
    },
    onSuccess(answer, input) {
      if (answer) showAs(client, subscription.id, answer.subscription);
      toast(said(answer?.subscription ?? null, input));
      onDone?.();
    },
    onError(error) {
      showAs(client, subscription.id, subscription);
      toast(words.notChanged(error.message), { bad: true });
    },
    onSettled: () => refresh(client),
  });
}
