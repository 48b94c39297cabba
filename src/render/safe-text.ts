// Text from policies and directories on its way to a terminal or a page: nothing in it may move the cursor, hide itself
// or turn the reading direction. What cannot be seen is shown as its code point.

const unseen =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/** `<U+202E>` in place of each control, format or bidi character. */
export function safeText(text: string): string {
  return text.replace(unseen, character => {
    const code = character.codePointAt(0) ?? 0
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
  })
}
