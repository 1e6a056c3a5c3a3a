/** Where the customer's licences are in use: a seat moves by giving it up here and activating the other device. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../api/client.ts';
import { Badge } from '../base/Badge.tsx';
import { Button } from '../base/Button.tsx';
import { DateTime } from '../base/DateTime.tsx';
import { Dialog } from '../base/Dialog.tsx';
import { Empty } from '../base/Empty.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { type Column, Table } from '../base/Table.tsx';
import { toast } from '../base/toast.ts';
import { type Seat, useQueryClient, useSeats } from './data.ts';
import { useWords } from './words.ts';

export function Devices() {
  const words = useWords();
  const [giving, setGiving] = useState<Seat | null>(null);
  const nameOf = ({ deviceName, id }: Seat) => deviceName ?? id;
  const code = useMutation({ mutationFn: () => ask(api.POST('/api/billing/licenses/activation-codes')) });
  const columns: Column<Seat>[] = [
    { title: words.device, cell: nameOf },
    {
      title: words.status,
      cell: ({ state }) => <Badge tone={state === 'active' ? 'good' : 'plain'}>{words.seatState[state]}</Badge>,
    },
    { title: words.since, cell: ({ activatedAt }) => <DateTime at={activatedAt} /> },
    {
      title: words.actions,
      untitled: true,
      number: true,
      cell: (seat) =>
        seat.state === 'active' && (
          <Button look="quiet" slim aria-label={words.releaseNamed(nameOf(seat))} onClick={() => setGiving(seat)}>
            {words.release}
          </Button>
        ),
    },
  ];
  return (
    <>
      <h1>{words.devicesTitle}</h1>
      <section className="card stack">
        <Loaded query={useSeats()}>
          {(seats) =>
            seats.length === 0 ? (
              <Empty title={words.noDevices} />
            ) : (
              <Table caption={words.devicesTitle} columns={columns} rows={seats} keyOf={({ id }) => id} />
            )
          }
        </Loaded>
        <p>
          <Button busy={code.isPending} onClick={() => code.mutate()}>
            {words.addDevice}
          </Button>
        </p>
        {code.isError && <ErrorNote error={code.error} />}
      </section>
      {code.data?.activationCode && (
        <Dialog title={words.addDevice} onClose={code.reset}>
          <p>{words.activationHint}</p>
          <p className="mono">{code.data.activationCode}</p>
          <p className="small soft">
            <DateTime at={code.data.expiresAt} style="time" />
          </p>
        </Dialog>
      )}
      {giving && <Release seat={giving} name={nameOf(giving)} onClose={() => setGiving(null)} />}
    </>
  );
}

function Release({ seat, name, onClose }: { seat: Seat; name: string; onClose: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const release = useMutation({
    mutationFn: () => ask(api.DELETE('/api/billing/licenses/{id}', { params: { path: { id: seat.id } } })),
    async onSuccess() {
      onClose();
      await client.invalidateQueries({ queryKey: ['seats'] });
      toast(words.released);
    },
  });
  return (
    <Dialog title={words.releaseNamed(name)} onClose={onClose}>
      <p>{words.releaseHint}</p>
      {release.isError && <ErrorNote error={release.error} />}
      <div className="row end">
        <Button onClick={onClose}>{words.cancel}</Button>
        <Button look="danger" busy={release.isPending} onClick={() => release.mutate()}>
          {words.release}
        </Button>
      </div>
    </Dialog>
  );
}
