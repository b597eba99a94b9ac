/** Small plots over a logarithmic axis, as one SVG. */

export type Series = {
  readonly title: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const [width, height, margin] = [420, 240, 48] as const

export function plot(series: readonly Series[]): string {
  const rows = Math.ceil(series.length / 2)
  const parts = series.map((each, index) => {
    const [x, y] = [(index % 2) * width, Math.floor(index / 2) * height]
    return `<g transform="translate(${x} ${y})">${one(each)}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${rows * height}" font-family="sans-serif" font-size="10">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`
}

function one({ title, points }: Series): string {
  const xs = points.map(([x]) => Math.log10(x))
  const [from, to] = [Math.min(...xs), Math.max(...xs)]
  const most = niceAbove(Math.max(...points.map(([, y]) => y)))
  const atX = (x: number) =>
    margin + ((Math.log10(x) - from) / (to - from || 1)) * (width - 2 * margin)
  const atY = (y: number) => height - margin - (y / most) * (height - 2 * margin)
  const places = points.map(([x, y]) => [atX(x).toFixed(1), atY(y).toFixed(1)] as const)
  const marks = [0, most / 2, most].map(
    y => `<line x1="${margin}" x2="${width - margin}" y1="${atY(y)}" y2="${atY(y)}" stroke="#ddd"/>
<text x="${margin - 4}" y="${atY(y) + 3}" text-anchor="end">${short(y)}</text>`
  )
  const labels = points.map(
    ([x], index) =>
      `<text x="${places[index]?.[0]}" y="${height - margin + 14}" text-anchor="middle">${short(x)}</text>`
  )
  return `<text x="${margin}" y="${margin - 20}" font-size="10" font-weight="bold">${title}</text>
${marks.join('\n')}
<polyline points="${places.map(place => place.join(',')).join(' ')}" fill="none" stroke="#2563eb" stroke-width="2"/>
${places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="#2563eb"/>`).join('\n')}
${labels.join('\n')}`
}

const short = (value: number) =>
  value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 })

function niceAbove(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find(step => step * unit >= value) ?? 10) * unit
}
