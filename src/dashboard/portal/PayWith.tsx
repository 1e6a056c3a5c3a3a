import { Button } from '../base/Button.tsx';
import { Select } from '../base/Field.tsx';
import { useMethods } from './data.ts';
import { methodName } from './sentence.ts';
import { useWords } from './words.ts';

type Props = { value: string; onChange: (id: string) => void; onAdd: () => void };

/** One of the saved methods, the default first; or a new card. */
export function PayWith({ value, onChange, onAdd }: Props) {
  const words = useWords();
  const { data = [] } = useMethods();
  return (
    <div className="row pay-with">
      {data.length > 0 && (
        <Select label={words.payWith} value={value || data[0]!.id} onChange={(event) => onChange(event.target.value)}>
          {data.map((each) => (
            <option key={each.id} value={each.id}>
              {methodName(each, words)}
            </option>
          ))}
        </Select>
      )}
      <Button onClick={onAdd}>{words.addCard}</Button>
    </div>
  );
}
