import { createTaxCalculator, type TaxCalculator } from './calculator.ts';
import { createTaxIdChecker, type TaxIdChecker } from './tax-ids.ts';

/** Whom we ask about taxes. */
export type Taxes = { calculator: TaxCalculator; taxIds: TaxIdChecker };

export const createTaxes = (config: {
  TAX_CALCULATOR_URL?: string | undefined;
  VAT_ID_CHECK_URL?: string | undefined;
}): Taxes => ({
  calculator: createTaxCalculator(config.TAX_CALCULATOR_URL),
  taxIds: createTaxIdChecker(config.VAT_ID_CHECK_URL),
});
