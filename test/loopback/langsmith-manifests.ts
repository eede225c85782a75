/** A chat of these messages. */
export const chat = (messages: readonly object[], more: object = {}): object =>
  made("ChatPromptTemplate", { messages, ...more });

/** An object as LangChain writes it. */
export function made(kind: string, kwargs: object): object {
  return { lc: 1, type: "constructor", id: ["langchain_core", "prompts", kind], kwargs };
}

/** A message of a chat; an f-string unless said otherwise. */
export function message(kind: string, template: string, format?: string): object {
  const syntax = format === undefined ? {} : { template_format: format };
  return made(`${kind}MessagePromptTemplate`, { prompt: made("PromptTemplate", { template, ...syntax }) });
}
