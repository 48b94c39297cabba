// Text from policies and directories on its way to a terminal, a log or a page: nothing in it may move the cursor, hide
// itself, turn the reading direction, or command the agent that runs a build. What cannot be seen is shown as its code
// point.

/** Controls, what is ignored or has no width, and what turns the direction. Variation selectors choose a letter's form. */
export const unseen =
  /[[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u200e\u200f\u202a-\u202e\ufff9-\ufffb]--[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]]/gv

/** More marks on one letter than any language has: they would cover the lines above and below. */
export const tooManyMarks = /(?<=\p{M}{8})\p{M}/gu

/**
 * GitHub's runner obeys `##[…]` anywhere in a line and `::…::` at its beginning; the agent of Azure Pipelines, `##vso[…]`
 * anywhere.
 */
const commands = /(?<=#)#(?=\w*\[)|(?<=(?:^|\s):):/g

/** `<U+202E>` in place of each control, format or bidi character; safe text stays as it is. */
export function safeText(text: string): string {
  return text.replace(unseen, codePoint).replace(tooManyMarks, codePoint).replace(commands, codePoint)
}

function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
