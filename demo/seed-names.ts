/** Names for the groups and people of the demo. */

const places = words(
  'Harbour Hillside Riverside Station Market Northside Lakeside Garden Bridge Castle'
)
const circles = [
  ...words(
    'runners readers choir cyclists neighbours parents bakers climbers gardeners ' +
      'volunteers commuters'
  ),
  ...['chess club', 'film night', 'book swap', 'photo walk', 'dog walkers']
]
const others = [
  ...[
    'Tram 12 🚋',
    '产品讨论组',
    'Café français ☕',
    '北京骑行',
    'Español los martes',
    '读书会 📚',
    'Repair café 🔧',
    '日本語クラブ'
  ],
  ...[
    'Allotment holders',
    '成都火锅局 🌶️',
    'Sunday soup 🍲',
    '한국어 스터디',
    'Board games 🎲',
    '摄影爱好者',
    'Night shift',
    'Bienen & Honig 🐝'
  ],
  ...[
    'Five-a-side ⚽',
    '广场舞',
    'Flat hunting',
    'Sauna, Thursdays',
    '上海咖啡地图',
    'Lost & found',
    'Ski trip 🎿',
    '围棋社'
  ],
  ...[
    'House 7, all floors',
    'Ceilidh band 🎻',
    '周五桌游',
    'First aiders',
    'Bread starters',
    'Чай по вечерам',
    'Car share east',
    'Lunch?'
  ]
]

/** 192 names, alternately of a place and of a kind, so that neighbours in a list differ. */
export const groupNames: readonly string[] = places.flatMap((place, row) =>
  circles.flatMap((circle, column) => {
    const other = column % 5 === 0 ? others[row * 4 + column / 5] : undefined
    return [
      `${places[(row + column) % places.length] ?? place} ${circle}`,
      ...(other === undefined ? [] : [other])
    ]
  })
)

const given = words(
  'ada aiko alan amir anja anton aysel bela bilal bruno carla chen clara dan dario dina ede ' +
    'eli elsa emil enzo erik eva farid fei finn flora frida gus hana hugo ida igor ilse ines ' +
    'ivan jana jens jin joao jonas jude kai karim kim lars lea leo lin lotte luca maja marc ' +
    'mei mia milo mona nadia nils noor olga omar otto paul pia ravi rosa sami sofia tara theo ' +
    'vera will yara zoe'
)
const family = words(
  'abe adler ahmed alves arnold bach bauer becker berg blum bose brandt braun chan cohen ' +
    'costa cruz dahl diaz duarte ebert engel falk faria fischer frank fuchs garcia gomez graf ' +
    'gupta haas hahn han hansen hart he hofer huang ito jansen jung kang kaya keller khan ' +
    'klein koch kraus kumar lang lee lehmann li lopez ma maier marin meyer mori moreno nagy ' +
    'neri nguyen novak ono park peters popov qin ramos reuter rossi sato schulz shah silva ' +
    'song tanaka wolf'
)

/** 6,000 userIDs. */
export const people: readonly string[] = given.flatMap(first =>
  family.map(last => `${first}.${last}`)
)

function words(text: string): string[] {
  return text.split(' ')
}
