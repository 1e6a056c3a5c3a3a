/** The product's mark, as the page's icon has it. */
export const Mark = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="currentColor" />
    <path className="on-mark" d="M9 8v16M23 8v16M9 16h14" />
  </svg>
);
