import { Select } from '../base/Field.tsx';
import { inWords } from './words.ts';

/** Which of a list are shown: those in one state, or with an empty text all. */
export function StateFilter<Name extends string>(props: {
  states: readonly Name[];
  value: Name | '';
  onChange: (state: Name | '') => void;
}) {
  const { states, value, onChange } = props;
  return (
    <Select label="State" value={value} onChange={(event) => onChange(event.target.value as Name | '')}>
      <option value="">All</option>
      {states.map((each) => (
        <option key={each} value={each}>
          {inWords(each)}
        </option>
      ))}
    </Select>
  );
}
