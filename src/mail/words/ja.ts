import type { Dictionary } from './dictionary.ts';

const another = '別のお支払い方法をご利用いただくか、理由を銀行にお問い合わせください。';

export const japanese: Dictionary = {
  advice: {
    soft: '今回は銀行の承認が得られませんでした。別の日には通る場合があります。別のお支払い方法ならすぐにお支払いいただけます。',
    insufficient_funds: '口座の残高が不足していました。ご入金いただくか、別のお支払い方法をご利用ください。',
    hard: another,
    card_replaced: 'カードの有効期限が切れたか、カードが切り替わっています。新しいカードをご登録ください。',
    authentication_required: '銀行がお客様ご自身による確認を求めています。',
    fraud_suspected: another,
    processor_trouble: 'お客様の問題ではありません。こちらで再度お試しします。',
    no_payment_method: 'お支払い方法が登録されていません。ご登録ください。',
  },
  why: (seller) => `${seller}のサブスクリプションをご契約のため、このメールをお送りしています。`,
  test: 'テストです。お金は動きません。',
  templates: {
    trial_ending: {
      subject: '{{plan}}の試用期間は{{date}}に終了します',
      body: `{{name}} 様

{{plan}}の試用期間は{{date}}に終了します。お手続きがない場合、その日からサブスクリプションが始まり、{{amount}}を請求いたします。

{{card}}に請求いたします。

継続を希望されない場合は、その日までに解約してください。請求は発生しません。

[解約する](cancelUrl)`,
    },
    price_changing: {
      subject: '{{date}}から{{plan}}の料金は{{amount}}になります',
      body: `{{name}} 様

{{date}}に、{{plan}}の一期間の料金が{{oldAmount}}から{{amount}}に変わります。

{{card}}に請求いたします。

この料金での継続を希望されない場合は、その日までに解約してください。

[解約する](cancelUrl)`,
    },
    renewal_ahead: {
      subject: '{{plan}}は{{date}}に更新されます',
      body: `{{name}} 様

{{plan}}は{{date}}に{{amount}}で更新されます。

{{card}}に請求いたします。

継続される場合、お手続きは不要です。そうでない場合は、その日までに解約してください。

[解約する](cancelUrl)`,
    },
    receipt: {
      subject: '{{seller}}からの領収 {{invoice}}',
      body: `{{name}} 様

{{date}}に、請求書{{invoice}}の{{amount}}を受領いたしました。ありがとうございます。

お支払い方法：{{card}}

添付の請求書：{{attachment}}`,
    },
    payment_failed: {
      subject: '{{seller}}へのお支払いができませんでした',
      body: `{{name}} 様

請求書{{invoice}}（{{plan}}）の{{amount}}をお支払いいただけませんでした。

お支払い方法：{{card}}

{{advice}}

{{retryDate}}に再度お試しします。

[今すぐ支払う](payUrl)`,
    },
    action_needed: {
      subject: '{{seller}}へのお支払いを確認してください',
      body: `{{name}} 様

請求書{{invoice}}（{{plan}}）の{{amount}}のお支払いについて、銀行がお客様の確認を求めています。確認が済むまでお支払いは完了しません。

お支払い方法：{{card}}

[お支払いを確認する](payUrl)

ログインは不要です。このリンクはこの請求書専用です。`,
    },
    card_expiring: {
      subject: 'カードの有効期限が近づいています',
      body: `{{name}} 様

{{plan}}のお支払いに使われている{{card}}は、まもなく有効期限を迎えます。

次回の請求は{{date}}です。それまでに別のカードをご登録ください。

[カードを登録する](manageUrl)`,
    },
    grace_ending: {
      subject: '{{plan}}のご利用は{{date}}に制限されます',
      body: `{{name}} 様

{{plan}}の{{amount}}のお支払い期限が過ぎています。{{date}}にご利用を制限させていただきます。

[今すぐ支払う](payUrl)`,
    },
    restricted: {
      subject: '{{plan}}のご利用が制限されています',
      body: `{{name}} 様

{{plan}}の{{amount}}のお支払い期限が過ぎているため、ご利用が制限されています。お支払い後すぐに再開されます。

お支払いがない場合、サービスは{{date}}に停止します。

[今すぐ支払う](payUrl)`,
    },
    unpaid: {
      subject: '{{plan}}は停止しています',
      body: `{{name}} 様

{{plan}}の{{amount}}が支払われていないため、サービスを停止しました。お支払い後すぐに再開されます。

[今すぐ支払う](payUrl)`,
    },
    cancellation_planned: {
      subject: '{{plan}}は{{date}}に終了します',
      body: `{{name}} 様

ご希望のとおり、{{plan}}は{{date}}に終了します。それまではご利用いただけ、取り消すこともできます。

[サブスクリプションを見る](manageUrl)`,
    },
    canceled: {
      subject: '{{plan}}は終了しました',
      body: `{{name}} 様

{{plan}}は{{date}}に終了しました。ご利用ありがとうございました。`,
    },
    resumed: {
      subject: '{{plan}}は継続します',
      body: `{{name}} 様

{{plan}}は継続します。

次回の更新は{{date}}です。`,
    },
    paused: {
      subject: '{{plan}}は一時停止中です',
      body: `{{name}} 様

{{plan}}は一時停止中です。その間、請求はありません。

{{date}}に再開します。

[サブスクリプションを見る](manageUrl)`,
    },
    plan_changed: {
      subject: 'プランが{{newPlan}}に変更されました',
      body: `{{name}} 様

{{date}}から、{{plan}}は{{newPlan}}に変わります。一期間の料金は{{amount}}です。

[サブスクリプションを見る](manageUrl)`,
    },
    refund: {
      subject: '{{seller}}が{{amount}}を返金しました',
      body: `{{name}} 様

元のお支払い方法に{{amount}}を返金いたしました。反映まで数日かかる場合があります。

対象の請求書：{{invoice}}`,
    },
    card_changed: {
      subject: 'お支払い方法が変更されました',
      body: `{{name}} 様

今後、{{plan}}は{{card}}で支払われます。お心当たりがない場合は、すぐにご連絡ください。

[サブスクリプションを見る](manageUrl)`,
    },
  },
};
