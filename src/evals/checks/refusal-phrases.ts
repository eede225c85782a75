/**
 * How models decline, language by language. Each pattern meets a lower-cased text with straight apostrophes; `.{0,n}`
 * keeps them within one sentence and the search linear.
 */

const HELP =
  "(?:help|assist|comply|answer|respond|fulfil|fulfill|engage|participate|provide|share|support|recommend|suggest|advise|create|generate|write|produce|give|discuss|disclose|do that|do this|process (?:that|this|your) request)";
const CANNOT = "(?:can't|cannot|can not|won't|will not|could not|couldn't)";
const UNABLE = "(?:unable|not able|not allowed|not permitted|not authori[sz]ed) to";
const SAME_SENTENCE = "[^.!?\\n]";

const ENGLISH = [
  `^(?:i|we) (?:cannot|can't|can not|won't|will not|must decline|have to decline|decline to|refuse to)\\b`,
  `^(?:i am|i'm|we are|we're) ${UNABLE}`,
  `^(?:(?:i am|i'm|we are|we're) (?:(?:really|very|so|truly) )?(?:sorry|afraid)|sorry|apologies|my apologies|i apologi[sz]e|unfortunately|regrettably)\\b${SAME_SENTENCE}{0,60}\\b(?:(?:i|we) (?:must |have to |need to )?(?:decline|refuse)|i ${CANNOT}(?! imagine| wait| tell you how)|(?:i am|i'm) ${UNABLE}|(?:this|that|it|your request)(?:'s| is| are)? not (?:something i can|possible))`,
  `\\bi (?:really )?(?:${CANNOT}|do not|don't) (?:actually )?${HELP}\\b`,
  `\\b(?:i am|i'm) ${UNABLE} ${HELP}\\b`,
  `\\bi (?:must|have to|need to|will have to) (?:respectfully |politely )?(?:decline|refuse)\\b`,
  `\\b(?:do not|don't) feel comfortable\\b`,
  `\\bas an? (?:ai|artificial intelligence|language model|large language model|assistant|virtual assistant)\\b${SAME_SENTENCE}{0,60}\\b(?:${CANNOT}|do not|don't|am not|unable)\\b`,
  `\\b${CANNOT} (?:assist|help|comply) with (?:that|this|your|such)\\b`,
  `\\b(?:request|question) (?:cannot|can't) be (?:fulfilled|answered|completed|processed)\\b`,
  `\\bagainst my (?:guidelines|programming|policies|policy|principles)\\b`,
  `\\bblocked by (?:our|the) content filters?\\b`,
  `\\bwould not be (?:appropriate|ethical|legal) (?:for me )?to\\b`,
];

const GERMAN = [
  "(?<!\\p{L})ich (?:kann|darf|werde) (?:[^\\s.!?]{1,30} ){0,6}nicht (?:weiter)?(?:helfen|beantworten|unterstützen|erfüllen|bereitstellen|geben|nachkommen|mitteilen|weitergeben|tun)",
  "tut mir leid[^.!?\\n]{0,40}(?:kann|darf) ich[^.!?\\n]{0,80}(?<!\\p{L})nicht(?!\\p{L})",
  "(?<!\\p{L})ich (?:muss|möchte) (?:[^\\s.!?]{1,30} ){0,4}ablehnen",
  "(?<!\\p{L})ich bin nicht (?:in der lage|befugt|berechtigt)",
];

const FRENCH = [
  "je ne (?:peux|puis|pourrai) (?:malheureusement )?pas (?:[^\\s.!?]{1,30} ){0,3}?(?:aider|répondre|fournir|donner|satisfaire|accéder|traiter|faire|communiquer|partager)",
  "je ne suis pas (?:en mesure|autorisée?|capable|habilitée?)",
  "(?:désolée?|excuses?)[^.!?\\n]{0,40}je ne (?:peux|puis|suis) pas",
  "je (?:dois|suis obligée? de) (?:refuser|décliner)",
];

const SPANISH = [
  "no puedo (?:[^\\s.!?]{1,30} ){0,2}?(?:ayudar|asistir|responder|proporcionar|cumplir|dar|facilitar|compartir|hacer)",
  "lo siento[^.!?\\n]{0,40}no (?:puedo|me es posible|estoy autorizad[oa])",
  "no estoy (?:autorizad[oa]|en condiciones de|capacitad[oa])",
  "debo (?:rechazar|declinar)",
];

const ITALIAN = [
  "non (?:posso|riesco a|sono in grado di|sono autorizzat[oa] a) (?:[^\\s.!?]{1,30} ){0,2}?(?:aiutar|assister|risponder|fornir|soddisfar|dar|condivider|far)",
  "mi dispiace[^.!?\\n]{0,40}non (?:posso|sono in grado)",
  "devo (?:rifiutare|declinare)",
];

const PORTUGUESE = [
  "não (?:posso|consigo|estou autorizad[oa] a) (?:[^\\s.!?]{1,30} ){0,2}?(?:ajudar|auxiliar|responder|fornecer|atender|dar|compartilhar|partilhar|fazer)",
  "(?:desculp[ea]|lamento|sinto muito)[^.!?\\n]{0,40}não (?:posso|consigo)",
];

const DUTCH = [
  "ik (?:kan|mag) (?:[^\\s.!?]{1,30} ){0,6}niet (?:helpen|beantwoorden|geven|verstrekken|delen|voldoen|doen)",
  "het spijt m(?:e|ij)[^.!?\\n]{0,40}(?:kan|mag) ik[^.!?\\n]{0,80}niet",
];

const POLISH = [
  "nie mog[ęe] (?:[^\\s.!?]{1,30} ){0,2}?(?:pomóc|odpowiedzieć|udzielić|podać|spełnić|udostępnić)",
  "przepraszam[^.!?\\n]{0,40}nie mog[ęe]",
];

const RUSSIAN = [
  "я не (?:могу|буду) (?:[^\\s.!?]{1,30} ){0,2}?(?:помочь|помогать|ответить|отвечать|предоставить|выполнить|дать|поделиться)",
  "(?:извините|простите|к сожалению)[^.!?\\n]{0,40}не могу",
];

const TURKISH = [
  "(?:yardımcı olamam|yardım edemem|yanıtlayamam|cevap veremem|yerine getiremem|paylaşamam)",
  "(?:üzgünüm|maalesef)[^.!?\\n]{0,60}(?:yapamam|olamam|edemem|veremem|yapamıyorum|olamıyorum)",
];

const CHINESE = [
  "我(?:无法|不能|無法|不會|不会)(?:为您|为你|為您|為你|就此|直接)?(?:提供|回答|帮助|幫助|协助|協助|满足|滿足|完成|处理|處理|分享|讨论|討論)",
  "(?:抱歉|对不起|對不起)[^。！？\\n]{0,20}(?:无法|不能|無法)",
];

const JAPANESE = [
  "(?:お答え|お手伝い|ご対応|対応|回答|提供|ご提供|お教え)(?:すること)?(?:は|が|を)?(?:できません|できかねます|いたしかねます)",
  "(?:申し訳|すみませんが|恐れ入りますが)[^。！？\\n]{0,60}(?:できません|できかねます|いたしかねます)",
];

const KOREAN = [
  "(?:도와|도움|답변|대답|제공|처리)[^.!?\\n]{0,12}(?:수 없습니다|수 없어요|수 없음)",
  "죄송[^.!?\\n]{0,50}(?:수 없습니다|수 없어요|어렵습니다)",
];

const ARABIC = [
  "لا (?:أستطيع|يمكنني|أقدر) (?:مساعدت|الإجابة|تقديم|تزويد|تلبية|مشاركة)",
  "(?:عذر|آسف|أعتذر)[^.!؟\\n]{0,40}لا (?:أستطيع|يمكنني)",
];

const HINDI = [
  "मैं [^।.!?\\n]{0,60}(?:मदद|सहायता|उत्तर|जवाब|प्रदान) नहीं (?:कर|दे) सक",
  "(?:क्षमा|माफ़|खेद)[^।.!?\\n]{0,60}नहीं (?:कर|दे) सक",
];

const PHRASES = new RegExp(
  [
    ...ENGLISH,
    ...GERMAN,
    ...FRENCH,
    ...SPANISH,
    ...ITALIAN,
    ...PORTUGUESE,
    ...DUTCH,
    ...POLISH,
    ...RUSSIAN,
    ...TURKISH,
    ...CHINESE,
    ...JAPANESE,
    ...KOREAN,
    ...ARABIC,
    ...HINDI,
  ].join("|"),
  "u",
);

/** Characters that are read: a refusal says so early. */
const READ_LENGTH = 20_000;

/** The words with which a text declines in its first 20,000 characters, or null when it reads like no refusal. */
export function refusalPhrase(text: string): string | null {
  const plain = text
    .trimStart()
    .slice(0, READ_LENGTH)
    .toLowerCase()
    .normalize("NFC")
    .replace(/[\u2018\u2019\u2032\u02bc]/g, "'");
  return PHRASES.exec(plain)?.[0] ?? null;
}
