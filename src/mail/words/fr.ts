import type { Dictionary } from './dictionary.ts';

const another = 'Veuillez utiliser un autre moyen de paiement, ou demander la raison à votre banque.';

export const french: Dictionary = {
  advice: {
    soft: 'Votre banque n’a pas autorisé le paiement cette fois-ci. Il passera peut-être un autre jour ; un autre moyen de paiement passe tout de suite.',
    insufficient_funds:
      'Le compte n’était pas suffisamment approvisionné. Approvisionnez-le, ou utilisez un autre moyen de paiement.',
    hard: another,
    card_replaced: 'La carte a expiré ou a été remplacée. Veuillez ajouter la nouvelle.',
    authentication_required: 'Votre banque souhaite que vous confirmiez le paiement vous-même.',
    fraud_suspected: another,
    processor_trouble: 'Vous n’y êtes pour rien. Nous réessaierons.',
    no_payment_method: 'Aucun moyen de paiement n’est enregistré. Veuillez en ajouter un.',
  },
  why: (seller) => `Vous recevez ce message parce que vous avez un abonnement chez ${seller}.`,
  test: 'Un test : aucun argent ne circule.',
  templates: {
    trial_ending: {
      subject: 'Votre essai de {{plan}} se termine le {{date}}',
      body: `Bonjour {{name}},

votre essai de {{plan}} se termine le {{date}}. Sans action de votre part, votre abonnement commence ce jour-là et nous prélevons {{amount}}.

Nous débiterons {{card}}.

Si vous ne souhaitez pas continuer, résiliez avant ce jour et rien n’est prélevé.

[Résilier l’abonnement](cancelUrl)`,
    },
    price_changing: {
      subject: '{{plan}} coûte {{amount}} à partir du {{date}}',
      body: `Bonjour {{name}},

le {{date}}, le prix de votre abonnement {{plan}} passe de {{oldAmount}} à {{amount}} par période.

Nous débiterons {{card}}.

Si vous ne souhaitez pas continuer à ce prix, résiliez avant ce jour.

[Résilier l’abonnement](cancelUrl)`,
    },
    renewal_ahead: {
      subject: '{{plan}} se renouvelle le {{date}}',
      body: `Bonjour {{name}},

votre abonnement {{plan}} se renouvelle le {{date}} pour {{amount}}.

Nous débiterons {{card}}.

Si vous souhaitez continuer, vous n’avez rien à faire. Sinon, résiliez avant ce jour.

[Résilier l’abonnement](cancelUrl)`,
    },
    receipt: {
      subject: 'Reçu {{invoice}} de {{seller}}',
      body: `Bonjour {{name}},

merci : nous avons reçu {{amount}} le {{date}} pour la facture {{invoice}}.

Payé avec {{card}}.

La facture est jointe : {{attachment}}.`,
    },
    payment_failed: {
      subject: 'Votre paiement à {{seller}} a échoué',
      body: `Bonjour {{name}},

nous n’avons pas pu prélever {{amount}} pour la facture {{invoice}} ({{plan}}).

Nous avons essayé {{card}}.

{{advice}}

Nous réessaierons le {{retryDate}}.

[Payer maintenant](payUrl)`,
    },
    action_needed: {
      subject: 'Veuillez confirmer votre paiement à {{seller}}',
      body: `Bonjour {{name}},

votre banque vous demande de confirmer le paiement de {{amount}} pour la facture {{invoice}} ({{plan}}). Sans cela, il ne peut pas aboutir.

Il sera payé avec {{card}}.

[Confirmer le paiement](payUrl)

Aucune connexion n’est nécessaire. Le lien ne vaut que pour cette facture.`,
    },
    card_expiring: {
      subject: 'Votre carte expire bientôt',
      body: `Bonjour {{name}},

la carte {{card}}, qui paie votre abonnement {{plan}}, expire bientôt.

Le prochain prélèvement a lieu le {{date}}. Veuillez ajouter une autre carte avant cette date.

[Ajouter une carte](manageUrl)`,
    },
    grace_ending: {
      subject: 'L’accès à {{plan}} sera restreint le {{date}}',
      body: `Bonjour {{name}},

{{amount}} restent dus pour {{plan}}. Le {{date}}, nous devrons restreindre votre accès.

[Payer maintenant](payUrl)`,
    },
    restricted: {
      subject: 'L’accès à {{plan}} est restreint',
      body: `Bonjour {{name}},

{{amount}} restent dus pour {{plan}} : votre accès est restreint. Il sera rétabli dès votre paiement.

Sans paiement, le service s’arrête le {{date}}.

[Payer maintenant](payUrl)`,
    },
    unpaid: {
      subject: '{{plan}} est interrompu',
      body: `Bonjour {{name}},

{{amount}} n’ont pas été payés pour {{plan}} : le service est interrompu. Il reprend dès votre paiement.

[Payer maintenant](payUrl)`,
    },
    cancellation_planned: {
      subject: '{{plan}} se termine le {{date}}',
      body: `Bonjour {{name}},

comme vous l’avez souhaité, votre abonnement {{plan}} se termine le {{date}}. Jusque-là, vous pouvez l’utiliser et changer d’avis.

[Voir l’abonnement](manageUrl)`,
    },
    canceled: {
      subject: '{{plan}} est terminé',
      body: `Bonjour {{name}},

votre abonnement {{plan}} s’est terminé le {{date}}. Merci d’avoir été des nôtres.`,
    },
    resumed: {
      subject: '{{plan}} continue',
      body: `Bonjour {{name}},

votre abonnement {{plan}} continue.

Il se renouvelle le {{date}}.`,
    },
    paused: {
      subject: '{{plan}} est en pause',
      body: `Bonjour {{name}},

votre abonnement {{plan}} est en pause. Rien n’est prélevé pendant ce temps.

Il reprend le {{date}}.

[Voir l’abonnement](manageUrl)`,
    },
    plan_changed: {
      subject: 'Votre abonnement est passé à {{newPlan}}',
      body: `Bonjour {{name}},

votre abonnement passe de {{plan}} à {{newPlan}} à partir du {{date}}. Une période coûte alors {{amount}}.

[Voir l’abonnement](manageUrl)`,
    },
    refund: {
      subject: '{{seller}} a remboursé {{amount}}',
      body: `Bonjour {{name}},

nous avons remboursé {{amount}} sur le moyen de paiement d’origine. Cela peut prendre quelques jours.

Cela concerne la facture {{invoice}}.`,
    },
    card_changed: {
      subject: 'Votre moyen de paiement a été modifié',
      body: `Bonjour {{name}},

votre abonnement {{plan}} est désormais payé avec {{card}}. Si ce n’était pas vous, prévenez-nous immédiatement.

[Voir l’abonnement](manageUrl)`,
    },
  },
};
