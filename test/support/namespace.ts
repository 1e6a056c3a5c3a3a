/** Test mode's namespace: the only one in which time may be skipped. */
export const TEST_NAMESPACE = 'hydra-test';
