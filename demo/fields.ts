/** The fields of forms, and their values. */

import { html, type TemplateResult } from 'lit-html'
import type { CustomField, GroupError } from 'offline-groups'
import { plain } from './text.ts'

type Options = {
  readonly value?: string | undefined
  readonly hint?: string
  readonly isRequired?: boolean
  /** The refusal that disables the field. */
  readonly refusal?: GroupError | undefined
}

const caption = (label: string, { hint, refusal }: Options): TemplateResult =>
  html`<span>${label} <small>${refusal ? plain(refusal.message) : (hint ?? '')}</small></span>`

export const text = (name: string, label: string, options: Options = {}): TemplateResult =>
  html`<label>
    ${caption(label, options)}
    <input
      name=${name}
      value=${options.value ?? ''}
      ?required=${options.isRequired}
      ?disabled=${options.refusal}
      autocomplete="off"
      spellcheck="false"
    />
  </label>`

export const area = (name: string, label: string, options: Options = {}): TemplateResult =>
  html`<label>
    ${caption(label, options)}
    <textarea
      name=${name}
      rows="2"
      .defaultValue=${options.value ?? ''}
      ?disabled=${options.refusal}
    ></textarea>
  </label>`

export const check = (
  name: string,
  label: string,
  { isChecked, ...options }: Options & { isChecked: boolean }
): TemplateResult =>
  html`<label class="check">
    <input type="checkbox" name=${name} ?checked=${isChecked} ?disabled=${options.refusal} />
    ${caption(label, options)}
  </label>`

export const choice = (
  name: string,
  label: string,
  all: readonly string[],
  options: Options = {}
): TemplateResult =>
  html`<label class=${name}>
    ${caption(label, options)}
    <select name=${name} ?disabled=${options.refusal}>
      ${all.map(each => {
        const isSelected = each === (options.value ?? all[0])
        return html`<option value=${each} ?selected=${isSelected}>${each}</option>`
      })}
    </select>
  </label>`

const emptyRows = 2

/** Existing keys and values, with empty rows for others. */
export function customFields(
  known: readonly CustomField[],
  { countMax, refusal }: { countMax: number; refusal?: GroupError | undefined }
): TemplateResult {
  const rows: readonly CustomField[] = [
    ...known,
    ...Array.from({ length: emptyRows }, () => ({ key: '', value: '' }))
  ]
  const hint = known.length > 0 ? 'an empty value removes the field' : ''
  return html`<fieldset class="custom-fields" ?disabled=${refusal}>
    <legend>
      Custom fields
      <small>${refusal ? plain(refusal.message) : hint}</small>
    </legend>
    ${rows.slice(0, countMax).map(
      ({ key, value }, index) =>
        html`<div>
          <input
            name="key${index}"
            aria-label="Key"
            placeholder="key"
            value=${key}
            ?readonly=${key !== ''}
            autocomplete="off"
          />
          <input
            name="value${index}"
            aria-label="Value"
            placeholder="value"
            value=${value}
            autocomplete="off"
          />
        </div>`
    )}
  </fieldset>`
}

export const valueOf = ({ target }: Event): string =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement ? target.value : ''

export type Answers = ReturnType<typeof answers>

/** `undefined`: the form has no such field, or it is disabled for this user. */
export function answers(form: HTMLFormElement) {
  function text(name: string): string | undefined {
    const field = new FormData(form).get(name)
    return typeof field === 'string' ? field.trim() : undefined
  }
  return {
    text,
    /** `undefined` for an empty field. */
    filled: (name: string) => text(name) || undefined,
    number: (name: string) => (text(name) ? Number(text(name)) : undefined),
    isChecked(name: string): boolean | undefined {
      const box = form.elements.namedItem(name)
      return box instanceof HTMLInputElement && !box.disabled ? box.checked : undefined
    },
    oneOf: <const T extends string>(name: string, all: readonly T[]) =>
      all.find(each => each === text(name)),
    users: (name: string) => (text(name) ?? '').split(/[\s,]+/).filter(Boolean),
    /** The custom fields that differ from `before`. */
    changedFields(before: readonly CustomField[]): CustomField[] {
      const known = new Map(before.map(({ key, value }) => [key, value]))
      const indexes = [...new FormData(form).keys()]
        .filter(name => /^key\d+$/.test(name))
        .map(name => name.slice(3))
      return indexes
        .map(index => ({ key: text(`key${index}`) ?? '', value: text(`value${index}`) ?? '' }))
        .filter(({ key, value }) => key !== '' && value !== (known.get(key) ?? ''))
    }
  }
}
