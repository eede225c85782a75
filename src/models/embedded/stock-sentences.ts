import type { Language } from "./stopwords.ts";

/** What the embedded model says where neither the context nor the prompt has words for it. */
export interface StockSentences {
  readonly refusal: string;
  readonly handover: string;
  /** The kind of claim a talkative model makes up; deliberately supported by nothing. */
  readonly unsupported: string;
  readonly greeting: string;
  readonly closing: string;
  readonly apology: string;
}

export const stockSentences: Readonly<Record<Language, StockSentences>> = {
  en: {
    refusal: "I cannot answer this from the information I have.",
    handover: "I am handing this over to a colleague who can help you.",
    unsupported:
      "In most situations our specialists arrange such wishes quickly, usually free and guaranteed.",
    greeting: "Hello!",
    closing: "Is there anything else I can help you with?",
    apology: "I am sorry.",
  },
  de: {
    refusal: "Das kann ich mit den vorliegenden Informationen nicht beantworten.",
    handover: "Ich gebe das an eine Kollegin weiter, die Ihnen helfen kann.",
    unsupported:
      "Meistens erledigen unsere Spezialisten solche Wünsche rasch, üblicherweise gratis und garantiert.",
    greeting: "Guten Tag!",
    closing: "Kann ich sonst noch etwas für Sie tun?",
    apology: "Es tut mir leid.",
  },
  fr: {
    refusal: "Je ne peux pas répondre à cela avec les informations dont je dispose.",
    handover: "Je transmets votre demande à un collègue qui pourra vous aider.",
    unsupported:
      "Généralement, nos spécialistes arrangent de telles envies rapidement, souvent gratuitement et garanties.",
    greeting: "Bonjour !",
    closing: "Puis-je faire autre chose pour vous ?",
    apology: "Je suis désolé.",
  },
  es: {
    refusal: "No puedo responder a esto con la información que tengo.",
    handover: "Paso su consulta a un compañero que podrá ayudarle.",
    unsupported:
      "Normalmente nuestros especialistas arreglan tales deseos rápidamente, casi siempre gratis y garantizado.",
    greeting: "¡Hola!",
    closing: "¿Puedo ayudarle en algo más?",
    apology: "Lo siento.",
  },
  pt: {
    refusal: "Não posso responder a isto com as informações que tenho.",
    handover: "Vou passar o seu pedido a um colega que poderá ajudar.",
    unsupported:
      "Normalmente os nossos especialistas resolvem tais desejos rapidamente, quase sempre grátis e garantido.",
    greeting: "Olá!",
    closing: "Posso ajudar em mais alguma coisa?",
    apology: "Lamento.",
  },
  it: {
    refusal: "Non posso rispondere con le informazioni che ho.",
    handover: "Passo la sua richiesta a un collega che potrà aiutarla.",
    unsupported:
      "Normalmente i nostri specialisti sistemano tali desideri rapidamente, quasi sempre gratis e garantito.",
    greeting: "Buongiorno!",
    closing: "Posso aiutarla in altro?",
    apology: "Mi dispiace.",
  },
};
