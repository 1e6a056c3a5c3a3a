/** What a plan is good for, feature by feature; the tier says whether its numbers have an end. */

/** `baseline` has a number for each feature that is counted, `enterprise` has none: all of it is unlimited. */
export const TIERS = ['baseline', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

type AnyFeature = {
  id: string;
  name: string;
  /** Stays while access is restricted, such as taking one's own data out. */
  essential?: boolean;
};
export type Feature = AnyFeature &
  (
    | { type: 'boolean' }
    /** So many at once: seats, projects. `perUnit`: for each of the quantity that is subscribed. */
    | { type: 'limit'; limit?: number; perUnit?: boolean }
    /** So much in a period, as that meter counts it. `alerts`: at so many percent of it somebody is told; at 80 and 100. */
    | { type: 'metered'; meter: string; limit?: number; perUnit?: boolean; alerts?: readonly number[] }
  );
export type Countable = Exclude<Feature, { type: 'boolean' }>;

/** What was agreed with one customer about a feature, instead of what its plan says. Null is unlimited. */
export type OverrideValue = { type: 'boolean'; enabled: boolean } | { type: 'limit'; limit: number | null };
