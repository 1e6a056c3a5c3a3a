import { type ComponentProps, type ReactNode, useId } from 'react';

type Around = { label: string; hint?: ReactNode; wrong?: string | null | undefined };

function around({ label, hint, wrong }: Around, id: string, control: ReactNode) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {control}
      {hint && (
        <span id={`${id}h`} className="small soft">
          {hint}
        </span>
      )}
      {wrong && (
        <span id={`${id}w`} className="wrong">
          {wrong}
        </span>
      )}
    </div>
  );
}

const describing = (id: string, { hint, wrong }: Around) => ({
  id,
  'aria-invalid': wrong ? true : undefined,
  'aria-describedby': [hint && `${id}h`, wrong && `${id}w`].filter(Boolean).join(' ') || undefined,
});

/** A labelled input with its hint and what is wrong with it. */
export function Field({ label, hint, wrong, ...input }: Around & ComponentProps<'input'>) {
  const id = useId();
  return around({ label, hint, wrong }, id, <input {...input} {...describing(id, { label, hint, wrong })} />);
}

export function Select({ label, hint, wrong, ...select }: Around & ComponentProps<'select'>) {
  const id = useId();
  return around({ label, hint, wrong }, id, <select {...select} {...describing(id, { label, hint, wrong })} />);
}

export function TextArea({ label, hint, wrong, ...area }: Around & ComponentProps<'textarea'>) {
  const id = useId();
  return around({ label, hint, wrong }, id, <textarea {...area} {...describing(id, { label, hint, wrong })} />);
}
