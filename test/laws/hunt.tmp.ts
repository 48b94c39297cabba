import fc from 'fast-check'
import { documents, firstDay, laterDay } from './policies.ts'
import { start } from './world.ts'
import { openTenant, resolve } from './tenant.ts'
import { tampering, tamper } from './tampering.ts'
const story = fc.record({ start, a: documents, steps: tampering, b: documents, days: laterDay, steps2: tampering, c: documents, days2: laterDay })
const seed = Number(process.argv[2] ?? 1), runs = Number(process.argv[3] ?? 100)
const cats = new Map<string, {n:number, ex:string}>()
const note = (k:string, ex:string) => { const c = cats.get(k); if (c) c.n++; else cats.set(k,{n:1,ex}) }
const strip = (s:string) => s.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g,'<id>').replace(/\(.*request-id.*\)/,'').slice(0,160)
const list = fc.sample(story, {numRuns: runs, seed})
for (const [i, s] of list.entries()) {
  const t = await openTenant(s.start, firstDay)
  const go = async (docs:any, label:string) => {
    const p = await resolve(docs, t.now)
    let planned
    try { planned = await t.plan(p) } catch (e) { note('PLAN THROWS '+strip((e as Error).message).replace(/read as .*/,'read as'), `${i} ${label} ${(e as Error).message}`); return }
    const out = await t.apply(planned)
    for (const o of out) if (o.status==='failed') note(`FAILED ${o.change.plane}/${o.change.kind} ${o.change.action}: ${o.trouble.code} ${strip(o.trouble.message)}`.replace(/(DN|CN)=.*/,''), `${i} ${label} ${o.change.id} ${o.trouble.message}`)
    let again
    try { again = await t.plan(p) } catch (e) { note('PLAN2 THROWS '+strip((e as Error).message), `${i} ${label}`); return }
    const bad = new Set(out.filter(o=>o.status!=='done').map(o=>o.change.id))
    for (const c of again.plan.changes) if (!bad.has(c.id)) note(`AGAIN ${c.plane}/${c.kind} ${c.action} ${Object.keys(c.after ?? c.before ?? {})}`, `${i} ${label} ${c.id} ${JSON.stringify(c.before)} ${JSON.stringify(c.after)}`)
  }
  await go(s.a,'A'); await tamper(t, s.steps); t.now += s.days
  await go(s.b,'B'); await tamper(t, s.steps2); t.now += s.days2
  await go(s.c,'C')
  await t.close()
}
for (const [k,v] of [...cats].sort((a,b)=>b[1].n-a[1].n)) console.log(v.n, k, '\n      ', v.ex)
