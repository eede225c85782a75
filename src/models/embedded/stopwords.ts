/** Languages whose function words and stock sentences the embedded model knows. */
export type Language = "en" | "de" | "fr" | "es" | "pt" | "it";

// Besides articles, pronouns and auxiliaries, words that frame a question without naming its subject ("how long", "please").
const lists: Readonly<Record<Language, string>> = {
  en: `a about after all also am an and any anyone anything are as at be because been before being but by can could did do
    does doing done for from get gets getting give go got had has have having hello help hi how however i if in into is it
    its just know let like long make many may me might more most much must my need no not now of off ok on once one only or
    other our out over own per please possible s same shall she should so some still such take tell than thank thanks that
    the their them then there these they thing this those to too under up us use using very want was way we well were what
    when where whether which while who why will with without would yes you your yours t m d ll ve re don doesn didn isn aren wasn weren haven hasn
    hadn won couldn shouldn wouldn`,
  de: `ab aber alle als am an auch auf aus bei bin bis bitte da danke dann das dass dein dem den der des die dies diese
    diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas euch fur ganz geht gibt
    haben hallo hat hatte ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in innerhalb ist ja jede jeder jetzt kann kein
    keine konnen lange man mehr mein meine meinem meinen meiner mich mir mit mochte muss mussen nach nein nicht noch nur
    ob oder ohne schon sehr sein seine sich sie sind so soll sollte uber um und uns unser unsere viel von vor wann warum
    was weil welche welcher wenn wer werde werden wie wieder wieviel will wir wird wo wurde zu zum zur`,
  fr: `a ai alors apres au aussi aux avant avec avez avoir avons bien bonjour c ce cela ces cet cette ceux combien comme
    comment d dans de depuis des donc du elle elles en encore est et etait etes etre eu faire fait faut il ils j je jour
    l la le les leur leurs lui ma mais me meme merci mes moi mon n ne nos notre nous on ou par pas peut peux plait plus
    pour pourquoi puis puisje qu quand que quel quelle quelles quels qui quoi sa sans se ses si sil son sont sous suis
    sur t ta te tes toi ton tous tout toute tres tu un une vers vos votre voudrais vous y`,
  es: `a al algo antes aqui como con cual cuales cuando cuanto cuantos de del desde despues donde dos el ella ellas ellos
    en entre era es esa ese eso esta estan estar este esto favor fue gracias ha hace hacer hasta hay he hola la las le
    les lo los mas me mi mis mucho muy nada ni no nos nosotros o os otra otro para pero por porque puede pueden puedo que
    quien quiero se sea ser si sin sobre solo son soy su sus tambien te tengo tiene todo todos tu tus un una unas uno
    unos usted ya yo`,
  pt: `a ao aos apos aqui as assim ate com como da das de depois do dos e ela elas ele eles em entre era essa esse esta
    estao estar este eu faco favor fazer foi ha isso isto ja la lhe mais mas me mesmo meu meus minha minhas muito na nao
    nas nem no nos nossa nosso num numa o obrigado ola os ou para pela pelo por porque posso pode podem qual quais quando
    quanto quantos que quem quero se sem ser seu seus so sobre sua suas tambem tem tenho ter teu um uma umas uns voce
    voces`,
  it: `a agli ai al alla alle anche avere c che chi ci ciao come con cosa cui d da dal dalla dalle dei del della delle
    devo di dopo dove e ed era essere faccio fare gli grazie ha hai hanno ho i il in io l la le lei li lo loro lui ma mi
    mia mie miei mio molto ne negli nei nel nella nelle no noi non nostro o ogni per perche piu possibile posso prima puo
    quale quali quando quanto quanti quella quello questa questo qui se sei senza si sia solo sono sta su sua sue sugli
    sui sul sulla suo tra tu tuo un una uno vi voglio voi vorrei vostro`,
};

const byLanguage = Object.entries(lists).map(
  ([language, words]) => [language as Language, new Set(words.split(/\s+/))] as const,
);
const all = new Set(byLanguage.flatMap(([, words]) => [...words]));

/** True for a word (folded: lower case, without accents) that carries no subject matter in any known language. */
export function isStopword(word: string): boolean {
  return all.has(word);
}

// Letters and signs that one of the languages alone uses, or nearly so.
const signs: readonly (readonly [Language, RegExp])[] = [
  ["de", /[äöüß]/i],
  ["fr", /[êœëîû]|\b[ldjcn]['’]/i],
  ["es", /[¿¡ñ]/i],
  ["pt", /[ãõ]/i],
  ["it", /[ìò]/i],
];

/** The language whose function words (folded, given as `words`) and signs are the most frequent; English when none is. */
export function languageOf(text: string, words: readonly string[]): Language {
  let best: Language = "en";
  let most = 0;
  for (const [language, known] of byLanguage) {
    const sign = signs.some(([owner, pattern]) => owner === language && pattern.test(text)) ? 1 : 0;
    const hits = words.filter((word) => known.has(word)).length + sign;
    if (hits > most) [best, most] = [language, hits];
  }
  return best;
}
