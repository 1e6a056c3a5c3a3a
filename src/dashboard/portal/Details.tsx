import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { troubleWith } from '../api/problem.ts';
import { Button } from '../base/Button.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Field, Select } from '../base/Field.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { toast } from '../base/toast.ts';
import { useReader } from '../base/words.ts';
import { countriesIn } from './countries.ts';
import { useProfile, useQueryClient } from './data.ts';
import { useWords } from './words.ts';

type Profile = Schemas['Profile'];

export function Details() {
  const words = useWords();
  return (
    <>
      <h1>{words.detailsTitle}</h1>
      <p className="soft">{words.detailsHint}</p>
      <section className="card">
        <Loaded query={useProfile()}>{(profile) => <Form profile={profile} />}</Loaded>
      </section>
    </>
  );
}

function fieldsOf({ name, email, address, taxId }: Profile) {
  const { line1, line2, city, postalCode, region, country } = address ?? {};
  const all = { name, email, line1, line2, city, postalCode, region, country, taxId };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, value ?? ''])) as Record<
    keyof typeof all,
    string
  >;
}

function Form({ profile }: { profile: Profile }) {
  const words = useWords();
  const { locale } = useReader();
  const client = useQueryClient();
  const [fields, setFields] = useState(() => fieldsOf(profile));
  const save = useMutation({
    mutationFn() {
      const text = (value: string) => value.trim() || null;
      const { name, email, taxId, country, ...address } = fields;
      return ask(
        api.PATCH('/api/billing/profile', {
          body: {
            name: text(name),
            email: text(email),
            ...(taxId.trim() !== (profile.taxId ?? '') && { taxId: text(taxId) }),
            address: country
              ? {
                  country,
                  ...{ line1: text(address.line1), line2: text(address.line2), city: text(address.city) },
                  ...{ postalCode: text(address.postalCode), region: text(address.region) },
                }
              : null,
          },
        }),
      );
    },
    onSuccess(after) {
      client.setQueryData(['profile'], after);
      setFields(fieldsOf(after));
      toast(words.saved);
    },
  });
  const field = (name: keyof typeof fields, path = name as string) => ({
    label: words[name],
    name,
    value: fields[name],
    wrong: troubleWith(save.error, path),
    onChange: ({ target }: { target: { value: string } }) => setFields({ ...fields, [name]: target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields">
        <Field {...field('name')} autoComplete="organization" />
        <Field {...field('email')} type="email" autoComplete="email" />
      </div>
      <div className="fields">
        <Field {...field('line1', 'address.line1')} autoComplete="address-line1" />
        <Field {...field('line2', 'address.line2')} autoComplete="address-line2" />
      </div>
      <div className="fields">
        <Field {...field('postalCode', 'address.postalCode')} autoComplete="postal-code" />
        <Field {...field('city', 'address.city')} autoComplete="address-level2" />
      </div>
      <div className="fields">
        <Field {...field('region', 'address.region')} autoComplete="address-level1" />
        <Select {...field('country', 'address.country')} autoComplete="country">
          <option value="">{words.noCountry}</option>
          {countriesIn(locale).map(({ code, name }) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </Select>
      </div>
      <div className="fields">
        <Field
          {...field('taxId')}
          hint={
            profile.taxIdState && fields.taxId === profile.taxId
              ? words.taxIdState[profile.taxIdState]
              : words.taxIdHint
          }
        />
      </div>
      {save.isError && <ErrorNote error={save.error} />}
      <div className="row">
        <Button type="submit" look="primary" busy={save.isPending}>
          {words.save}
        </Button>
      </div>
    </form>
  );
}
