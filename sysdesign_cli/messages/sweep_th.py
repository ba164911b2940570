"""Texts of sweep and of changes on the command line, Thai."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "cli.sweep": "เปลี่ยนค่าบางส่วนของ scenario ไปทีละค่า แล้วดูว่าตัวชี้วัดเปลี่ยนอย่างไร: ตาราง CSV และกราฟ",
    "cli.opt-set": "เปลี่ยนค่าหนึ่งก่อนเริ่ม เช่น services.payment.replicas=4 ระบุได้หลายครั้ง",
    "cli.opt-set-many": "สิ่งที่จะเปลี่ยนไปทีละค่า: services.payment.replicas=2..12 (หรือ 2..12..5, 10ms..1s*9, a,b,c) ถ้ามีค่าเดียวคือกำหนดค่านั้น ระบุได้หลายครั้ง",
    "cli.opt-metric": "ตัวชี้วัด จะเจาะจง Flow หรือ Service ก็ได้ เช่น failed_share หรือ utilisation:payment ระบุได้หลายครั้ง",
    "cli.opt-jobs": "จำนวน process สูงสุด 0 คือใช้ทุก core เมื่อคุ้ม",
    "cli.opt-cluster": "ที่อยู่ของ Dask scheduler ซึ่ง worker จะทำงานแทน เช่น tcp://host:8786",
    "expected.change": "การเปลี่ยนค่า เช่น services.payment.replicas=4",
    "thing.points": "จุด",
    "problem.bad-variant.set": "--set เปลี่ยน {key} ไม่ได้",
    "problem.too-many.points": "รวมเป็น {count} จุด แต่ sweep ทำได้ไม่เกิน {limit} จุด",
    "problem.bad-number.sweep-list": "“{text}”: ขาดค่าระหว่างจุลภาค",
    "problem.bad-number.sweep-words": "“{text}”: ตรงนี้ไม่ใช่ตัวเลขที่เพิ่มทีละขั้นได้ ให้เขียนค่าเรียงกัน: a,b,c",
    "problem.bad-number.sweep-range": "“{text}” ไม่ใช่ช่วง ให้เขียน 2..12 (ทีละ 1), 2..12..5 (ทีละ 5), 10ms..1s*9 (9 จุด อัตราส่วนเท่ากัน) หรือ a,b,c ใน sweep ตัวเลขที่ไม่แน่นอนให้เขียนเป็น [4s, 10s]",
    "problem.bad-number.sweep-backwards": "“{text}”: ตัวเลขที่สองต้องมากกว่าตัวแรก",
    "problem.bad-number.sweep-step": "“{text}”: ต้องบอกขนาดของขั้นที่มากกว่า 0 (500ms..2s..250ms) หรือจำนวนจุด (500ms..2s*7)",
    "problem.bad-number.sweep-points": "“{text}”: จุดที่มีอัตราส่วนเท่ากันต้องมีอย่างน้อย 2 จุด และเริ่มจากค่าที่มากกว่า 0",
    "problem.contradiction.metric-of-the-whole": "{name} เป็นตัวเลขของทั้งระบบ ไม่ต้องใส่ชื่อต่อท้าย",
    "changes.with": "โดยเปลี่ยน {changes}",
    "changes.left-out": "{address} ไม่มีที่ให้เปลี่ยน {changes} จึงเหมือนเดิม",
    "sweep.heading": "ลองเปลี่ยนค่า {points} จุด, Workload {workload}",
    "sweep.axis": "{path}: {values} ({count} ค่า)",
    "sweep.killed": "ที่ล่ม: {names}",
    "sweep.why-missing": "เหตุที่ไม่มีค่า",
    "sweep.missing": "– {metric} ที่ {at}: {why}",
    "sweep.refused": "– ไม่มีค่าใดเลยที่ {at}: {why}",
    "sweep.here": "จุดนี้",
    "sweep.more-places": "และอีก {count} จุด",
    "sweep.no-metric": "บอกด้วยว่าจะดูอะไร: --metric ID เช่น --metric fatal_kills ดูทั้งหมดด้วย `sysdesign explain --list`",
    "sweep.progress": "จุด",
    "sweep.why": "ที่มาของตัวเลขของจุดหนึ่ง:",
    "cluster.bad-address": "--cluster: “{address}” ไม่ใช่ที่อยู่ ให้เขียน tcp://host:8786",
    "cluster.not-installed": "--cluster ต้องติดตั้งเพิ่มอีกหนึ่งชุด: {command}",
    "cluster.unreachable": "--cluster: ไม่มี Dask scheduler ตอบที่ {address} ({detail})",
    "cluster.no-workers": "--cluster: scheduler ที่ {address} ไม่มี worker",
    "cluster.other-program": "--cluster: worker ที่ {address} ต้องติดตั้ง sysdesign รุ่นเดียวกัน ({detail})",
    "cluster.failed": "--cluster: {address} ทำงานให้ไม่ได้: {detail}",
}
