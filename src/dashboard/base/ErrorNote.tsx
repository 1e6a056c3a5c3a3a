import { ProblemError } from '../api/problem.ts';
import { Button } from './Button.tsx';
import { useReader } from './words.ts';

/** What the server said, in its own sentence, with the id by which an operator finds the request. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { words } = useReader();
  const problem = error instanceof ProblemError ? error.problem : null;
  return (
    <div className="note bad" role="alert">
      <p>
        <strong>{words.somethingWrong}</strong>
      </p>
      <p>{problem ? problem.detail : words.unreachable}</p>
      {problem?.requestId && <p className="small mono">{words.requestId(problem.requestId)}</p>}
      {onRetry && (
        <p>
          <Button slim onClick={onRetry}>
            {words.tryAgain}
          </Button>
        </p>
      )}
    </div>
  );
}
