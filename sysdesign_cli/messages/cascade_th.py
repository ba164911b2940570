"""การล่มเป็นทอดเพราะรับภาระเกิน ภาษาไทย"""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "failover.cascade": "ภาระเกินลุกลามทีละขั้น",
    "failover.strained": "เมื่อนับภาระเกินด้านล่างด้วย คำขอล้มเหลว {share}",
    "failover.lasting": "จะไม่หายเอง: ระหว่างที่ {service} ล่ม การลองใหม่ของผู้เรียกทำให้มีคำขอ {storm} ({tries} เท่าของปกติ {rate}) เกินกว่า {capacity} ที่รับได้เมื่อกลับมา เพียงล่มนานกว่า {trigger} ก็พอ ผู้ที่ลองใหม่: {callers} แก้ได้ด้วย retry budget ไม่เกิน {budget}, circuit breaker หรือลดจำนวนครั้งที่ลองใหม่",
    "cascade.more-requests": "มี {now} เข้ามาแทนที่จะเป็น {before} เพราะ {because} ไม่ตอบแล้ว",
    "cascade.more-requests.alone": "มี {now} เข้ามาแทนที่จะเป็น {before}",
    "cascade.fewer-replicas": "replica ที่เหลือน้อยลงต้องรับ {now}",
    "cascade.fewer-replicas.alone": "replica ที่เหลือน้อยลงต้องรับ {now}",
    "cascade.slower-calls": "worker ถูกถือไว้จนการเรียก {because} หมดเวลา",
    "cascade.slower-calls.alone": "worker ถูกถือไว้นานขึ้น",
    "cascade.already": "เกินกำลังอยู่แล้วแม้ไม่มีอะไรล่ม",
    "cascade.already.alone": "เกินกำลังอยู่แล้วแม้ไม่มีอะไรล่ม",
    "failover.already": "รับภาระเกินอยู่แล้วแม้ไม่มีอะไรล่ม: {services} (ดูจำนวนที่ต้องใช้จาก sysdesign capacity) งานที่รออยู่ตรงนั้นจะช้าไม่ว่าอย่างไร",
    "failover.once-started": "เมื่อ autoscaling เพิ่มเสร็จแล้ว: {replicas} replica",
    "failover.starting": "คำนวณสำหรับเวลาที่ autoscaling เพิ่มเสร็จแล้ว ({replicas} replica) การเปิด replica เพิ่มต้องใช้เวลา ก่อนหน้านั้นคำขอของ {flows} จะล้มเหลวหรือรอมากกว่าที่บอกไว้ที่นี่ ใช้ --simulate เพื่อดูว่ามากเท่าใด",
    "assume.starting": "autoscaling เพิ่มเสร็จแล้ว: {service} มี {settles} replica ตอนที่เกิดเหตุมีเพียง {running} replica ซึ่งจะถูกขอให้ทำ {asked} ของที่ทำได้ ส่วนที่ล้มเหลวหรือรอระหว่างที่ replica อื่นยังเปิดไม่เสร็จไม่ได้นับรวม",
    "formula.running-now": "จำนวน replica ที่ทำงานอยู่ที่โหลดนี้ ไม่รวมที่ถูกปิด",
    "formula.settles-at": "worker ที่ไม่ว่างหลังเกิดเหตุ / (concurrency × เป้าหมาย)",
    "formula.asked-of-running": "อัตราหลังเกิดเหตุ × เวลาที่ถือ worker / worker ของ replica ที่ทำงานอยู่",
    "input.running": "replica ที่ทำงานอยู่",
    "formula.behind-backlog": "คิวงานที่ยาวที่สุดหลังซ่อมเสร็จ / worker นับงานที่เข้ามาระหว่างนั้นด้วย",
    "column.step": "ขั้น",
    "column.busy-now": "ภาระ",
    "column.busy-before": "ก่อนหน้า",
    "column.shed": "ทิ้งในที่สุด",
    "column.why": "เพราะอะไร",
    "assume.cascade": "ติดตามภาระเกินทีละขั้น: Service รับได้เท่ากำลัง (รวม replica ทั้งหมดที่ autoscaling เพิ่มได้) และทิ้งส่วนที่เหลือ การเรียกสิ่งที่ล่มหรือรับภาระเกินใช้เวลาจนหมด timeout รวมการลองใหม่ circuit breaker หยุดเรียก ไม่ได้คำนวณว่าแต่ละขั้นใช้เวลานานเท่าใด",
    "assume.cascade-apart": "ภาระเกินที่ลุกลามจากการล่มไม่นับในข้ออ้างเรื่องสถานะ ดูได้จาก failover",
    "formula.shed": "1 - กำลังที่รับได้ / ภาระที่เข้ามา",
    "formula.arriving-now": "คำนวณ traffic ใหม่โดยไม่มีสิ่งที่ล่ม นับการลองใหม่ของการเรียกที่ล้มเหลว",
    "formula.storm": "traffic ขณะที่ทุกครั้งล้มเหลว: แต่ละการเรียกเกิดขึ้น 1 + retries ครั้ง คูณกันไปทุกชั้น",
    "formula.tries": "จำนวนครั้งที่ลอง / การเรียกครั้งแรก",
    "formula.capacity": "อัตราปกติ / utilisation",
    "formula.trigger": "timeout x กำลังที่รับได้ / พายุคำขอ: เมื่อนั้นคิวยาวเกินกว่าที่ผู้เรียกรอ",
    "formula.budget-needed": "กำลังที่รับได้ / อัตราปกติ - 1",
    "input.amplification": "จำนวนครั้งต่อการเรียกครั้งแรก",
    "input.capacity": "กำลังที่รับได้",
}
