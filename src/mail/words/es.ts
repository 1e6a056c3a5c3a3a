import type { Dictionary } from './dictionary.ts';

const another = 'Utilice otro medio de pago o pregunte el motivo a su banco.';

export const spanish: Dictionary = {
  advice: {
    soft: 'Su banco no ha autorizado el pago esta vez. Quizá funcione otro día; con otro medio de pago funciona enseguida.',
    insufficient_funds: 'No había saldo suficiente en la cuenta. Ingrese fondos o utilice otro medio de pago.',
    hard: another,
    card_replaced: 'La tarjeta ha caducado o ha sido sustituida. Añada la nueva.',
    authentication_required: 'Su banco quiere que confirme usted mismo el pago.',
    fraud_suspected: another,
    processor_trouble: 'No ha sido culpa suya. Lo intentaremos de nuevo.',
    no_payment_method: 'No hay ningún medio de pago guardado. Añada uno.',
  },
  why: (seller) => `Recibe este mensaje porque tiene una suscripción con ${seller}.`,
  test: 'Una prueba: no se mueve dinero.',
  templates: {
    trial_ending: {
      subject: 'Su prueba de {{plan}} termina el {{date}}',
      body: `Hola, {{name}}:

su prueba de {{plan}} termina el {{date}}. Si no hace nada, ese día comienza su suscripción y cobramos {{amount}}.

Cobraremos a {{card}}.

Si no desea continuar, cancele antes de ese día y no se cobra nada.

[Cancelar la suscripción](cancelUrl)`,
    },
    price_changing: {
      subject: '{{plan}} cuesta {{amount}} a partir del {{date}}',
      body: `Hola, {{name}}:

el {{date}} el precio de su suscripción {{plan}} pasa de {{oldAmount}} a {{amount}} por período.

Cobraremos a {{card}}.

Si no desea continuar a ese precio, cancele antes de ese día.

[Cancelar la suscripción](cancelUrl)`,
    },
    renewal_ahead: {
      subject: '{{plan}} se renueva el {{date}}',
      body: `Hola, {{name}}:

su suscripción {{plan}} se renueva el {{date}} por {{amount}}.

Cobraremos a {{card}}.

Si desea continuar, no tiene que hacer nada. Si no, cancele antes de ese día.

[Cancelar la suscripción](cancelUrl)`,
    },
    receipt: {
      subject: 'Recibo {{invoice}} de {{seller}}',
      body: `Hola, {{name}}:

gracias: hemos recibido {{amount}} el {{date}} por la factura {{invoice}}.

Pagado con {{card}}.

La factura va adjunta: {{attachment}}.`,
    },
    payment_failed: {
      subject: 'Su pago a {{seller}} ha fallado',
      body: `Hola, {{name}}:

no hemos podido cobrar {{amount}} por la factura {{invoice}} ({{plan}}).

Lo intentamos con {{card}}.

{{advice}}

Lo intentaremos de nuevo el {{retryDate}}.

[Pagar ahora](payUrl)`,
    },
    action_needed: {
      subject: 'Confirme su pago a {{seller}}',
      body: `Hola, {{name}}:

su banco le pide que confirme el pago de {{amount}} por la factura {{invoice}} ({{plan}}). Hasta entonces no puede completarse.

Se pagará con {{card}}.

[Confirmar el pago](payUrl)

No hace falta iniciar sesión. El enlace solo vale para esta factura.`,
    },
    card_expiring: {
      subject: 'Su tarjeta caduca pronto',
      body: `Hola, {{name}}:

la tarjeta {{card}}, con la que se paga su suscripción {{plan}}, caduca pronto.

El próximo cobro es el {{date}}. Añada otra tarjeta antes de esa fecha.

[Añadir una tarjeta](manageUrl)`,
    },
    grace_ending: {
      subject: 'El acceso a {{plan}} se restringirá el {{date}}',
      body: `Hola, {{name}}:

quedan {{amount}} pendientes de {{plan}}. El {{date}} tendremos que restringir su acceso.

[Pagar ahora](payUrl)`,
    },
    restricted: {
      subject: 'El acceso a {{plan}} está restringido',
      body: `Hola, {{name}}:

quedan {{amount}} pendientes de {{plan}}, por lo que su acceso está restringido. Vuelve en cuanto pague.

Sin pago, el servicio se detiene el {{date}}.

[Pagar ahora](payUrl)`,
    },
    unpaid: {
      subject: '{{plan}} se ha detenido',
      body: `Hola, {{name}}:

no se han pagado {{amount}} de {{plan}}, por lo que el servicio se ha detenido. Continúa en cuanto pague.

[Pagar ahora](payUrl)`,
    },
    cancellation_planned: {
      subject: '{{plan}} termina el {{date}}',
      body: `Hola, {{name}}:

como ha pedido, su suscripción {{plan}} termina el {{date}}. Hasta entonces puede usarla y cambiar de opinión.

[Ver la suscripción](manageUrl)`,
    },
    canceled: {
      subject: '{{plan}} ha terminado',
      body: `Hola, {{name}}:

su suscripción {{plan}} terminó el {{date}}. Gracias por haber estado con nosotros.`,
    },
    resumed: {
      subject: '{{plan}} continúa',
      body: `Hola, {{name}}:

su suscripción {{plan}} continúa.

Se renueva el {{date}}.`,
    },
    paused: {
      subject: '{{plan}} está en pausa',
      body: `Hola, {{name}}:

su suscripción {{plan}} está en pausa. Mientras tanto no se cobra nada.

Se reanuda el {{date}}.

[Ver la suscripción](manageUrl)`,
    },
    plan_changed: {
      subject: 'Su suscripción ha cambiado a {{newPlan}}',
      body: `Hola, {{name}}:

su suscripción cambia de {{plan}} a {{newPlan}} a partir del {{date}}. Un período cuesta entonces {{amount}}.

[Ver la suscripción](manageUrl)`,
    },
    refund: {
      subject: '{{seller}} ha reembolsado {{amount}}',
      body: `Hola, {{name}}:

hemos reembolsado {{amount}} al medio de pago de origen. Puede tardar unos días en llegar.

Corresponde a la factura {{invoice}}.`,
    },
    card_changed: {
      subject: 'Su medio de pago ha cambiado',
      body: `Hola, {{name}}:

su suscripción {{plan}} se paga a partir de ahora con {{card}}. Si no ha sido usted, avísenos de inmediato.

[Ver la suscripción](manageUrl)`,
    },
  },
};
