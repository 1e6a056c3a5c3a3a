/** The direction of imports. Left may know right, the domain knows nobody. */
const layer = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A circle has no inside.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    layer(
      'domain-is-pure',
      '^src/domain',
      '^(src/(?!domain)|activities|workflows|node_modules)|^node:',
      'The core knows no I/O, no clock, no library.',
    ),
    {
      name: 'workflows-are-deterministic',
      comment: 'Workflows know the domain, Temporal, and the types of activities.',
      severity: 'error',
      from: { path: '^workflows' },
      to: {
        path: '.*',
        pathNot: ['^src/domain', '^workflows', 'node_modules/@temporalio/(workflow|common)'],
        dependencyTypesNot: ['type-only'],
      },
    },
    layer(
      'processors-stand-alone',
      '^src/processors',
      '^src/(api|auth|cli|webhooks|relay|outbox|worker|db|demo|simulator|processes)|^(activities|workflows)',
      'An adapter knows its processor and the words of billing.',
    ),
    layer(
      'only-adapters-know-stripe',
      '^(src/(?!processors|simulator)|activities|workflows)',
      'node_modules/stripe',
      'Nothing else names a processor’s client.',
    ),
    layer(
      'simulator-knows-nobody',
      '^src/simulator',
      '^src/(?!simulator)|^(activities|workflows)',
      'The simulator knows nothing of the engine.',
    ),
    layer(
      'database-looks-inward',
      '^src/db',
      '^src/(api|cli|webhooks|relay|outbox|worker|demo|processors|processes)|^activities',
      'SQL serves, it does not call.',
    ),
    layer(
      'security-looks-inward',
      '^src/security',
      '^src/(api|cli|webhooks|relay|outbox|worker|demo|processors|processes|db)|^(activities|workflows)',
      'Keys and ciphers know nobody.',
    ),
    layer(
      'documents-look-inward',
      '^src/documents',
      '^src/(?!documents|domain)|^(activities|workflows)',
      'What is printed knows what is printed, and who reads it.',
    ),
    layer(
      'activities-are-thin',
      '^activities',
      '^src/(api|cli|demo|processes|webhooks|auth)',
      'Activities do one outside thing each.',
    ),
    layer(
      'dashboard-is-a-client',
      '^src/dashboard',
      '^src/(?!dashboard)|^(activities|workflows)|^node:',
      'The pages know the API by its document, and nothing of what is behind it.',
    ),
    layer('nobody-imports-a-page', '^(src/(?!dashboard)|activities|workflows)', '^src/dashboard', 'Pages are built.'),
    layer('portal-knows-no-console', '^src/dashboard/portal', '^src/dashboard/console', 'Two pages, a bundle each.'),
    layer('console-knows-no-portal', '^src/dashboard/console', '^src/dashboard/portal', 'Two pages, a bundle each.'),
    layer('base-knows-no-page', '^src/dashboard/(base|api)', '^src/dashboard/(portal|console)', 'Both stand on it.'),
    {
      name: 'nobody-imports-a-process',
      comment: 'Processes are entry points.',
      severity: 'error',
      from: { pathNot: '^src/(processes|cli)' },
      to: { path: '^src/processes' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node'],
    },
  },
};
