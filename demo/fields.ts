/** The fields of forms, and what was put into them. */

import { html, nothing, type TemplateResult } from 'lit-html'

export function text(
  name: string,
  label: string,
  { value = '', hint, required = false }: { value?: string | undefined; hint?: string; required?: boolean } = {}
): TemplateResult {
  return html`<label>
    <span>${label} ${hint === undefined ? nothing : html`<small>${hint}</small>`}</span>
    <input name=${name} value=${value} ?required=${required} autocomplete="off" spellcheck="false" />
  </label>`
}

export const area = (name: string, label: string, value = ''): TemplateResult =>
  html`<label><span>${label}</span><textarea name=${name} rows="2" .defaultValue=${value}></textarea></label>`

export const check = (name: string, label: string, isChecked = false): TemplateResult =>
  html`<label class="check"><input type="checkbox" name=${name} ?checked=${isChecked} /> <span>${label}</span></label>`

export const choice = (name: string, label: string, options: readonly string[], value = options[0]): TemplateResult =>
  html`<label>
    <span>${label}</span>
    <select name=${name}>
      ${options.map(option => html`<option ?selected=${option === value}>${option}</option>`)}
    </select>
  </label>`

export type Answers = ReturnType<typeof answers>

export function answers(form: HTMLFormElement) {
  const fields = new FormData(form)
  const text = (name: string) => {
    const field = fields.get(name)
    return typeof field === 'string' ? field.trim() : ''
  }
  return {
    text,
    isChecked: (name: string) => fields.has(name),
    /** `undefined` where the form has no such field. */
    oneOf: <const T extends string>(name: string, options: readonly T[]) => options.find(option => option === text(name)),
    users: (name: string) =>
      text(name)
        .split(/[\s,]+/)
        .filter(Boolean)
  }
}
