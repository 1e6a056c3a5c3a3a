import type { Dictionary } from './dictionary.ts';

const another = 'Bitte nehmen Sie ein anderes Zahlungsmittel, oder fragen Sie Ihre Bank nach dem Grund.';

export const german: Dictionary = {
  advice: {
    soft: 'Ihre Bank hat die Zahlung diesmal nicht freigegeben. Vielleicht klappt es an einem anderen Tag; ein anderes Zahlungsmittel geht sofort.',
    insufficient_funds:
      'Das Konto war nicht gedeckt. Bitte sorgen Sie für Deckung, oder nehmen Sie ein anderes Zahlungsmittel.',
    hard: another,
    card_replaced: 'Die Karte ist abgelaufen oder wurde ersetzt. Bitte hinterlegen Sie die neue.',
    authentication_required: 'Ihre Bank möchte, dass Sie die Zahlung selbst bestätigen.',
    fraud_suspected: another,
    processor_trouble: 'Es lag nicht an Ihnen. Wir versuchen es noch einmal.',
    no_payment_method: 'Es ist kein Zahlungsmittel hinterlegt. Bitte fügen Sie eines hinzu.',
  },
  why: (seller) => `Sie erhalten diese Nachricht, weil Sie ein Abonnement bei ${seller} haben.`,
  test: 'Ein Test: Es fließt kein Geld.',
  templates: {
    trial_ending: {
      subject: 'Ihre Testphase von {{plan}} endet am {{date}}',
      body: `Guten Tag {{name}},

Ihre Testphase von {{plan}} endet am {{date}}. Wenn Sie nichts tun, beginnt dann Ihr Abonnement, und wir buchen {{amount}} ab.

Wir belasten {{card}}.

Möchten Sie nicht weitermachen, kündigen Sie vor diesem Tag; dann wird nichts abgebucht.

[Abonnement kündigen](cancelUrl)`,
    },
    price_changing: {
      subject: '{{plan}} kostet ab dem {{date}} {{amount}}',
      body: `Guten Tag {{name}},

am {{date}} ändert sich der Preis Ihres Abonnements {{plan}} von {{oldAmount}} auf {{amount}} je Zeitraum.

Wir belasten {{card}}.

Möchten Sie zu diesem Preis nicht weitermachen, kündigen Sie vor diesem Tag.

[Abonnement kündigen](cancelUrl)`,
    },
    renewal_ahead: {
      subject: '{{plan}} verlängert sich am {{date}}',
      body: `Guten Tag {{name}},

Ihr Abonnement {{plan}} verlängert sich am {{date}} für {{amount}}.

Wir belasten {{card}}.

Möchten Sie weitermachen, ist nichts zu tun. Andernfalls kündigen Sie bitte vor diesem Tag.

[Abonnement kündigen](cancelUrl)`,
    },
    receipt: {
      subject: 'Quittung {{invoice}} von {{seller}}',
      body: `Guten Tag {{name}},

vielen Dank: Wir haben am {{date}} {{amount}} für die Rechnung {{invoice}} erhalten.

Bezahlt mit {{card}}.

Die Rechnung hängt an: {{attachment}}.`,
    },
    payment_failed: {
      subject: 'Ihre Zahlung an {{seller}} ist fehlgeschlagen',
      body: `Guten Tag {{name}},

wir konnten {{amount}} für die Rechnung {{invoice}} ({{plan}}) nicht einziehen.

Versucht haben wir es mit {{card}}.

{{advice}}

Wir versuchen es am {{retryDate}} noch einmal.

[Jetzt bezahlen](payUrl)`,
    },
    action_needed: {
      subject: 'Bitte bestätigen Sie Ihre Zahlung an {{seller}}',
      body: `Guten Tag {{name}},

Ihre Bank bittet Sie, die Zahlung von {{amount}} für die Rechnung {{invoice}} ({{plan}}) zu bestätigen. Vorher kann sie nicht ausgeführt werden.

Bezahlt wird mit {{card}}.

[Zahlung bestätigen](payUrl)

Sie müssen sich nicht anmelden. Der Link gilt nur für diese eine Rechnung.`,
    },
    card_expiring: {
      subject: 'Ihre Karte läuft bald ab',
      body: `Guten Tag {{name}},

die Karte {{card}}, mit der Ihr Abonnement {{plan}} bezahlt wird, läuft bald ab.

Die nächste Abbuchung ist am {{date}}. Bitte hinterlegen Sie vorher eine andere Karte.

[Karte hinterlegen](manageUrl)`,
    },
    grace_ending: {
      subject: 'Der Zugang zu {{plan}} wird am {{date}} eingeschränkt',
      body: `Guten Tag {{name}},

für {{plan}} sind {{amount}} überfällig. Am {{date}} müssen wir Ihren Zugang einschränken.

[Jetzt bezahlen](payUrl)`,
    },
    restricted: {
      subject: 'Der Zugang zu {{plan}} ist eingeschränkt',
      body: `Guten Tag {{name}},

für {{plan}} sind {{amount}} überfällig, deshalb ist Ihr Zugang eingeschränkt. Sobald Sie bezahlen, ist er wieder offen.

Ohne Zahlung endet der Dienst am {{date}}.

[Jetzt bezahlen](payUrl)`,
    },
    unpaid: {
      subject: '{{plan}} ist angehalten',
      body: `Guten Tag {{name}},

{{amount}} für {{plan}} wurden nicht bezahlt, deshalb ist der Dienst angehalten. Sobald Sie bezahlen, geht es weiter.

[Jetzt bezahlen](payUrl)`,
    },
    cancellation_planned: {
      subject: '{{plan}} endet am {{date}}',
      body: `Guten Tag {{name}},

wie gewünscht endet Ihr Abonnement {{plan}} am {{date}}. Bis dahin können Sie es nutzen, und bis dahin können Sie es sich anders überlegen.

[Zum Abonnement](manageUrl)`,
    },
    canceled: {
      subject: '{{plan}} ist beendet',
      body: `Guten Tag {{name}},

Ihr Abonnement {{plan}} ist seit dem {{date}} beendet. Vielen Dank, dass Sie bei uns waren.`,
    },
    resumed: {
      subject: '{{plan}} läuft weiter',
      body: `Guten Tag {{name}},

Ihr Abonnement {{plan}} läuft weiter.

Es verlängert sich am {{date}}.`,
    },
    paused: {
      subject: '{{plan}} pausiert',
      body: `Guten Tag {{name}},

Ihr Abonnement {{plan}} pausiert. Bis es weitergeht, wird nichts abgebucht.

Es läuft am {{date}} weiter.

[Zum Abonnement](manageUrl)`,
    },
    plan_changed: {
      subject: 'Ihr Abonnement wurde auf {{newPlan}} geändert',
      body: `Guten Tag {{name}},

Ihr Abonnement wechselt ab dem {{date}} von {{plan}} zu {{newPlan}}. Ein Zeitraum kostet dann {{amount}}.

[Zum Abonnement](manageUrl)`,
    },
    refund: {
      subject: '{{seller}} hat {{amount}} erstattet',
      body: `Guten Tag {{name}},

wir haben {{amount}} auf das Zahlungsmittel erstattet, von dem das Geld kam. Es kann einige Tage dauern, bis es ankommt.

Es betrifft die Rechnung {{invoice}}.`,
    },
    card_changed: {
      subject: 'Ihr Zahlungsmittel wurde geändert',
      body: `Guten Tag {{name}},

Ihr Abonnement {{plan}} wird ab jetzt mit {{card}} bezahlt. Falls Sie das nicht waren, melden Sie sich bitte sofort bei uns.

[Zum Abonnement](manageUrl)`,
    },
  },
};
