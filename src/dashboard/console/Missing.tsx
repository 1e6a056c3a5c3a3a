import { Empty } from '../base/Empty.tsx';
import { Link } from '../base/router.tsx';
import { Page } from './Shown.tsx';

export const Missing = () => (
  <Page title="There is no such page">
    <Empty title="The address leads nowhere, or what it meant has another one now.">
      <Link to="/">To what there is to look at</Link>
    </Empty>
  </Page>
);
