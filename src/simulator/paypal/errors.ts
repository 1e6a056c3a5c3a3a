/** Errors in PayPal's shape. https://developer.paypal.com/api/rest/responses/ */
type Detail = { issue: string; description: string; field?: string; location?: string };

/** The request is refused: whatever it had begun is undone. */
export class Refused extends Error {
  readonly status: number;
  readonly body: { name: string; message: string; details?: Detail[] };
  readonly headers: Record<string, string>;

  constructor(status: number, name: string, message: string, details?: Detail[], headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.body = { name, message, ...(details && { details }) };
    this.headers = headers;
  }
}

/** Understood, and it can't be done: 422 with the issue that says why. */
export const unprocessable = (issue: string, description: string): Refused =>
  new Refused(
    422,
    'UNPROCESSABLE_ENTITY',
    'The requested action could not be performed, semantically incorrect, or failed business validation.',
    [{ issue, description }],
  );

export const invalid = (field: string, description: string, issue = 'INVALID_PARAMETER_VALUE'): Refused =>
  new Refused(400, 'INVALID_REQUEST', 'Request is not well-formed, syntactically incorrect, or violates schema.', [
    { field, location: 'body', issue, description },
  ]);

export const missing = (what: string): Refused =>
  new Refused(404, 'RESOURCE_NOT_FOUND', 'The specified resource does not exist.', [
    { issue: 'INVALID_RESOURCE_ID', description: `The ${what} does not exist.` },
  ]);

export const unknownRoute = (method: string, path: string): Refused =>
  new Refused(404, 'NOT_FOUND', `The simulator has no such route: ${method} ${path}`);

export const unauthorized = (): Refused =>
  new Refused(401, 'AUTHENTICATION_FAILURE', 'Authentication failed due to invalid authentication credentials.');
