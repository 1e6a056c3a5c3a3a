/** The words that stand on paper, in the languages that we have. */
export type Language = 'en' | 'de' | 'fr' | 'es' | 'ja';

export type Words = {
  invoice: string;
  invoiceNumber: string;
  creditNote: string;
  creditNoteNumber: string;
  correctedInvoice: string;
  issuedOn: string;
  dueOn: string;
  paidOn: string;
  purchaseOrder: string;
  reason: string;
  from: string;
  billTo: string;
  description: string;
  quantity: string;
  unitPrice: string;
  tax: string;
  amount: string;
  subtotal: string;
  discount: string;
  taxOn: (name: string, percent: string, base: string) => string;
  includedTax: (name: string, percent: string, base: string) => string;
  total: string;
  creditUsed: string;
  amountPaid: string;
  amountCredited: string;
  amountDue: string;
  credited: string;
  refunded: string;
  lessOwed: string;
  discounted: (amount: string) => string;
  vatId: string;
  taxNumber: string;
  headlineDue: (amount: string, on: string) => string;
  headlinePaid: (amount: string, on: string) => string;
  headlineNothing: string;
  headlineVoid: (on: string) => string;
  headlineCredit: (amount: string) => string;
  paid: string;
  void: string;
  test: string;
  testNote: string;
  page: (page: number, pages: number) => string;
};

const english: Words = {
  invoice: 'Invoice',
  invoiceNumber: 'Invoice number',
  creditNote: 'Credit note',
  creditNoteNumber: 'Credit note number',
  correctedInvoice: 'Corrects invoice',
  issuedOn: 'Date of issue',
  dueOn: 'Due date',
  paidOn: 'Paid on',
  purchaseOrder: 'Purchase order',
  reason: 'Reason',
  from: 'From',
  billTo: 'Bill to',
  description: 'Description',
  quantity: 'Qty',
  unitPrice: 'Unit price',
  tax: 'Tax',
  amount: 'Amount',
  subtotal: 'Subtotal',
  discount: 'Discount',
  taxOn: (name, percent, base) => `${name} ${percent} on ${base}`,
  includedTax: (name, percent, base) => `Includes ${name} ${percent} on ${base}`,
  total: 'Total',
  creditUsed: 'Credit used',
  amountPaid: 'Amount paid',
  amountCredited: 'Credit notes',
  amountDue: 'Amount due',
  credited: 'Added to your credit',
  refunded: 'Refunded',
  lessOwed: 'Taken off what is owed',
  discounted: (amount) => `Discount ${amount}`,
  vatId: 'VAT ID',
  taxNumber: 'Tax registration',
  headlineDue: (amount, on) => `${amount} due ${on}`,
  headlinePaid: (amount, on) => `${amount} paid on ${on}`,
  headlineNothing: 'Nothing to pay',
  headlineVoid: (on) => `Void since ${on}: nothing to pay`,
  headlineCredit: (amount) => `${amount} credited`,
  paid: 'PAID',
  void: 'VOID',
  test: 'TEST',
  testNote: 'Made in test mode: nobody owes anything for it.',
  page: (page, pages) => `Page ${page} of ${pages}`,
};

const german: Words = {
  invoice: 'Rechnung',
  invoiceNumber: 'Rechnungsnummer',
  creditNote: 'Rechnungskorrektur',
  creditNoteNumber: 'Nummer der Korrektur',
  correctedInvoice: 'Zur Rechnung',
  issuedOn: 'Ausgestellt am',
  dueOn: 'Fällig am',
  paidOn: 'Bezahlt am',
  purchaseOrder: 'Bestellnummer',
  reason: 'Grund',
  from: 'Von',
  billTo: 'Rechnung an',
  description: 'Beschreibung',
  quantity: 'Menge',
  unitPrice: 'Einzelpreis',
  tax: 'Steuer',
  amount: 'Betrag',
  subtotal: 'Zwischensumme',
  discount: 'Rabatt',
  taxOn: (name, percent, base) => `${name} ${percent} auf ${base}`,
  includedTax: (name, percent, base) => `Enthält ${name} ${percent} auf ${base}`,
  total: 'Gesamtbetrag',
  creditUsed: 'Verrechnetes Guthaben',
  amountPaid: 'Bezahlt',
  amountCredited: 'Gutschriften',
  amountDue: 'Zu zahlen',
  credited: 'Ihrem Guthaben gutgeschrieben',
  refunded: 'Erstattet',
  lessOwed: 'Von der Forderung abgezogen',
  discounted: (amount) => `Rabatt ${amount}`,
  vatId: 'USt-IdNr.',
  taxNumber: 'Steuernummer',
  headlineDue: (amount, on) => `${amount} fällig am ${on}`,
  headlinePaid: (amount, on) => `${amount} bezahlt am ${on}`,
  headlineNothing: 'Nichts zu zahlen',
  headlineVoid: (on) => `Storniert am ${on}: nichts zu zahlen`,
  headlineCredit: (amount) => `${amount} gutgeschrieben`,
  paid: 'BEZAHLT',
  void: 'STORNIERT',
  test: 'TEST',
  testNote: 'Im Testbetrieb entstanden: niemand schuldet dafür etwas.',
  page: (page, pages) => `Seite ${page} von ${pages}`,
};

const french: Words = {
  invoice: 'Facture',
  invoiceNumber: 'Numéro de facture',
  creditNote: 'Avoir',
  creditNoteNumber: 'Numéro de l’avoir',
  correctedInvoice: 'Facture rectifiée',
  issuedOn: 'Date d’émission',
  dueOn: 'Échéance',
  paidOn: 'Payée le',
  purchaseOrder: 'Bon de commande',
  reason: 'Motif',
  from: 'De',
  billTo: 'Facturé à',
  description: 'Description',
  quantity: 'Qté',
  unitPrice: 'Prix unitaire',
  tax: 'Taxe',
  amount: 'Montant',
  subtotal: 'Sous-total',
  discount: 'Remise',
  taxOn: (name, percent, base) => `${name} ${percent} sur ${base}`,
  includedTax: (name, percent, base) => `Dont ${name} ${percent} sur ${base}`,
  total: 'Total',
  creditUsed: 'Crédit utilisé',
  amountPaid: 'Montant payé',
  amountCredited: 'Avoirs',
  amountDue: 'Montant dû',
  credited: 'Ajouté à votre crédit',
  refunded: 'Remboursé',
  lessOwed: 'Déduit du montant dû',
  discounted: (amount) => `Remise ${amount}`,
  vatId: 'N° de TVA',
  taxNumber: 'N° d’enregistrement fiscal',
  headlineDue: (amount, on) => `${amount} à payer avant le ${on}`,
  headlinePaid: (amount, on) => `${amount} payés le ${on}`,
  headlineNothing: 'Rien à payer',
  headlineVoid: (on) => `Annulée le ${on} : rien à payer`,
  headlineCredit: (amount) => `${amount} en votre faveur`,
  paid: 'PAYÉE',
  void: 'ANNULÉE',
  test: 'TEST',
  testNote: 'Établi en mode test : personne ne doit rien.',
  page: (page, pages) => `Page ${page} sur ${pages}`,
};

const spanish: Words = {
  invoice: 'Factura',
  invoiceNumber: 'Número de factura',
  creditNote: 'Factura rectificativa',
  creditNoteNumber: 'Número',
  correctedInvoice: 'Rectifica la factura',
  issuedOn: 'Fecha de emisión',
  dueOn: 'Vencimiento',
  paidOn: 'Pagada el',
  purchaseOrder: 'Orden de compra',
  reason: 'Motivo',
  from: 'De',
  billTo: 'Facturar a',
  description: 'Descripción',
  quantity: 'Cant.',
  unitPrice: 'Precio unitario',
  tax: 'Impuesto',
  amount: 'Importe',
  subtotal: 'Subtotal',
  discount: 'Descuento',
  taxOn: (name, percent, base) => `${name} ${percent} sobre ${base}`,
  includedTax: (name, percent, base) => `Incluye ${name} ${percent} sobre ${base}`,
  total: 'Total',
  creditUsed: 'Saldo utilizado',
  amountPaid: 'Importe pagado',
  amountCredited: 'Notas de crédito',
  amountDue: 'Importe pendiente',
  credited: 'Añadido a su saldo',
  refunded: 'Reembolsado',
  lessOwed: 'Descontado de lo pendiente',
  discounted: (amount) => `Descuento ${amount}`,
  vatId: 'NIF-IVA',
  taxNumber: 'N.º de registro fiscal',
  headlineDue: (amount, on) => `${amount}, vence el ${on}`,
  headlinePaid: (amount, on) => `${amount} pagados el ${on}`,
  headlineNothing: 'Nada que pagar',
  headlineVoid: (on) => `Anulada el ${on}: nada que pagar`,
  headlineCredit: (amount) => `${amount} a su favor`,
  paid: 'PAGADA',
  void: 'ANULADA',
  test: 'PRUEBA',
  testNote: 'Hecha en modo de prueba: nadie debe nada.',
  page: (page, pages) => `Página ${page} de ${pages}`,
};

const japanese: Words = {
  invoice: '請求書',
  invoiceNumber: '請求書番号',
  creditNote: '返還請求書',
  creditNoteNumber: '返還請求書番号',
  correctedInvoice: '対象の請求書',
  issuedOn: '発行日',
  dueOn: '支払期限',
  paidOn: '支払日',
  purchaseOrder: '注文番号',
  reason: '理由',
  from: '発行者',
  billTo: '請求先',
  description: '内容',
  quantity: '数量',
  unitPrice: '単価',
  tax: '税',
  amount: '金額',
  subtotal: '小計',
  discount: '割引',
  taxOn: (name, percent, base) => `${name} ${percent}（対象 ${base}）`,
  includedTax: (name, percent, base) => `内 ${name} ${percent}（対象 ${base}）`,
  total: '合計',
  creditUsed: 'クレジット充当額',
  amountPaid: '支払済額',
  amountCredited: '貸方票',
  amountDue: '請求額',
  credited: 'クレジットに追加',
  refunded: '返金',
  lessOwed: '請求額から減額',
  discounted: (amount) => `割引 ${amount}`,
  vatId: '税務登録番号',
  taxNumber: '登録番号',
  headlineDue: (amount, on) => `${amount}　支払期限 ${on}`,
  headlinePaid: (amount, on) => `${amount}　${on} 支払済`,
  headlineNothing: 'お支払いはありません',
  headlineVoid: (on) => `${on} 無効　お支払いはありません`,
  headlineCredit: (amount) => `${amount}　返還`,
  paid: '支払済',
  void: '無効',
  test: 'テスト',
  testNote: 'テストモードで作成されたもので、支払義務はありません。',
  page: (page, pages) => `${page} / ${pages} ページ`,
};

const dictionaries: Record<Language, Words> = { en: english, de: german, fr: french, es: spanish, ja: japanese };

/** By the language of a locale, whatever its country; English where we don't have it. */
export function wordsFor(locale: string): { language: Language; words: Words } {
  const wanted = locale.toLowerCase().split('-')[0] ?? '';
  const language: Language = wanted in dictionaries ? (wanted as Language) : 'en';
  return { language, words: dictionaries[language] };
}
