/** Something that an operator does: a button, and a dialog that says in a sentence what will happen before it does. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { troubleWith } from '../api/problem.ts';
import { Button } from '../base/Button.tsx';
import { Dialog } from '../base/Dialog.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Field, Select, TextArea } from '../base/Field.tsx';
import { toast } from '../base/toast.ts';

export type Given = Record<string, string>;
export type Blank = {
  name: string;
  label: string;
  hint?: string;
  initial?: string;
  optional?: boolean;
  type?: 'text' | 'date' | 'number' | 'long';
  choices?: readonly { value: string; label: string }[];
};
type Props = {
  label: string;
  title: string;
  /** What will happen, with what is filled in so far. */
  says: (given: Given) => string;
  blanks?: readonly Blank[];
  run: (given: Given) => Promise<unknown>;
  done: string | ((answer: unknown) => string);
  look?: 'primary' | 'danger' | 'quiet' | undefined;
  slim?: boolean;
};

export function Act(props: Props) {
  const [open, setOpen] = useState(false);
  const { label, look, slim = true } = props;
  return (
    <>
      <Button slim={slim} look={look} onClick={() => setOpen(true)}>
        {label}
      </Button>
      {open && <Confirm {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function Confirm({ title, says, blanks = [], run, done, label, look, onClose }: Props & { onClose: () => void }) {
  const client = useQueryClient();
  const [given, setGiven] = useState<Given>(() =>
    Object.fromEntries(blanks.map(({ name, initial, choices }) => [name, initial ?? choices?.[0]?.value ?? ''])),
  );
  const act = useMutation({
    mutationFn: () => run(given),
    onSuccess: (answer) => {
      toast(typeof done === 'function' ? done(answer) : done);
      void client.invalidateQueries();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!act.isPending) act.mutate();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {blanks.map((blank) => (
          <Fill
            key={blank.name}
            blank={blank}
            value={given[blank.name] ?? ''}
            wrong={troubleWith(act.error, blank.name)}
            onChange={(value) => setGiven({ ...given, [blank.name]: value })}
          />
        ))}
        <p className="note">{says(given)}</p>
        {act.isError && <ErrorNote error={act.error} />}
        <div className="row end">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" look={look === 'danger' ? 'danger' : 'primary'} busy={act.isPending}>
            {label.replace('…', '')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Filling = { blank: Blank; value: string; wrong: string | null; onChange: (value: string) => void };

function Fill({ blank, value, wrong, onChange }: Filling) {
  const { label, hint, optional, type = 'text', choices } = blank;
  const common = { label, hint, wrong, value, required: !optional };
  if (choices) {
    return (
      <Select {...common} onChange={(event) => onChange(event.target.value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </Select>
    );
  }
  if (type === 'long') return <TextArea {...common} rows={12} onChange={(event) => onChange(event.target.value)} />;
  return <Field {...common} type={type} onChange={(event) => onChange(event.target.value)} />;
}
