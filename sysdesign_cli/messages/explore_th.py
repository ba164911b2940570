"""The explorer, in Thai."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "cli.explore": "ทำให้ล่ม ฟื้นคืน ปรับภาระ สลับแบบ แล้วเห็นผลทันที: แสดงเต็มจอ",
    "cli.opt-load": "เริ่มที่ภาระกี่เท่าของในไฟล์",
    "explore.not-installed": "โหมดสำรวจต้องมีแพ็กเกจเพิ่ม: {command}",
    "explore.no-terminal": "explore ต้องวาดเต็มจอของเทอร์มินัล แต่ที่นี่ input หรือ output ไม่ใช่เทอร์มินัล ถ้าต้องการข้อความ: sysdesign failover, latency, capacity, cost",
    "explore.dumb-terminal": "explore ต้องวาดเต็มจอของเทอร์มินัล แต่เทอร์มินัลนี้ (TERM เป็น “{term}”) วาดไม่ได้ ถ้าต้องการข้อความ: sysdesign failover, latency, capacity, cost",
    "explore.too-small": "เทอร์มินัลมีขนาด {size} แต่โหมดสำรวจต้องใช้ 80×24 โปรดขยายหน้าต่างหรือลดขนาดตัวอักษร",
    # heading
    "explore.at-peak": "{workload} ช่วงที่หนักที่สุดเวลา {clock}",
    "explore.load": "ภาระ × {load}",
    "explore.killed": "ล่ม: {names}",
    "explore.nothing-killed": "ไม่มีอะไรล่ม",
    "explore.changed": "เปลี่ยน: {changes}",
    # flows
    "explore.promises": "เป้าหมาย",
    "explore.kept": "ได้ตามเป้า {count}",
    "explore.broken": "พลาด {count}/{of}",
    "explore.month": "เดือนละ {month}",
    "explore.month-before": "เดือนละ {month} (เดิม {before})",
    "explore.no-month": "ไม่มีตารางราคา",
    # services
    "explore.team": "{count}",
    "explore.team-hit": "กระทบ {hit} จาก {count}",
    "explore.no-team": "ไม่มีทีม",
    "explore.state.ok": "ปกติ",
    "explore.state.killed": "ล่ม",
    "explore.state.short": "เหลือน้อยลง",
    "explore.state.failing": "ตอบไม่ได้",
    "explore.state.partly-failing": "ล้มบางส่วน",
    "explore.state.starved": "ขาดงาน",
    "explore.state.idle": "ไม่มีใครเรียก",
    "explore.state.degraded": "ลดคุณภาพ",
    "explore.state.overloaded": "ภาระเกิน",
    "explore.state.levelled": "คิวเกลี่ย",
    "explore.about.ok": "ปกติ: ทำงานเหมือนเดิม",
    "explore.about.killed": "ล่ม: ไม่ตอบใคร สิ่งที่ส่งมาต้องรอหรือสูญหาย",
    "explore.about.short": "replica น้อยลง แต่ยังพอ",
    "explore.about.failing": "ตอบไม่ได้: ยังทำงานอยู่ แต่สิ่งที่ขาดไม่ได้ล่ม ทุกคำขอจึงล้มเหลว",
    "explore.about.partly-failing": "ล้มบางส่วน: บางคำขอต้องใช้สิ่งที่ล่ม",
    "explore.about.starved": "ขาดงาน: ไม่ได้เสีย แต่ไม่มี Event มาถึง",
    "explore.about.idle": "ไม่มีใครเรียก: ไม่ได้เสีย แต่ไม่มีใครมาถึงขั้นที่เรียกใช้",
    "explore.about.degraded": "ลดคุณภาพ: ตอบได้น้อยลง ผ่านทางสำรองหรือขาดส่วนเสริม",
    "explore.about.overloaded": "ภาระเกิน: งานที่เข้ามามากกว่าที่ทำได้",
    "explore.about.levelled": "คิวเกลี่ย: งานเข้ามาเกินที่ทำได้ คิวกระจายไปตามเวลา และไม่มีใครรอคำตอบทันที",
    "explore.about-team": "k ทำให้ทุก Service ของทีมล่ม หรือฟื้นคืน Enter ย่อหรือขยายทีม",
    # details
    "explore.flow-starts": "{rate} คิดเป็น {share} ของทั้งหมด เริ่มที่ {entry}",
    "explore.with-overload": "เมื่อรวมภาระเกิน: {shares}",
    "explore.late": "ช้าสุด {late} กลับเป็นปกติหลัง {normal}",
    "explore.times": "{what}ใช้เวลาเฉลี่ย {mean}; p50 {p50}, p95 {p95}, p99 {p99}",
    "explore.times-before": "เดิม: p99 {p99}",
    "explore.times-coming": "ใช้เวลาเท่าไร: กำลังคำนวณ …",
    "explore.jams": "เต็มระหว่างทาง: {services}",
    "explore.time-goes": "เวลาหมดไปกับ {parts}",
    "explore.promise": "{what} {promised}: {computed} {word}",
    "explore.of-team": "ทีม {team}",
    "explore.replicas": "replica ที่เหลือ: {left} จาก {replicas}",
    "explore.used": "ใช้ไป {used} ของทั้งหมดที่มีได้ เดิม {before} มีงานเข้า {rate}",
    "explore.overload-step": "ภาระเกิน ขั้นที่ {step}: {why} สุดท้ายทิ้งงาน {shed}",
    "explore.overload-coming": "ภาระเกินลามไปไหน: กำลังคำนวณ …",
    "explore.more": "… อีก {count}",
    "explore.more-by-enter": "… และต่อไปอีก: Enter แสดงทั้งหมด",
    "explore.calls": "เรียก {names}",
    "explore.publishes": "ส่ง {names}",
    "explore.called-by": "ถูกเรียกโดย {services}",
    # below
    "explore.working": "กำลังคำนวณ: ภาระเกิน เวลา ค่าใช้จ่าย …",
    "explore.fault": "คำนวณไม่ได้: {error}",
    "explore.stale": "{file} มีที่ผิด: ที่เห็นคือสภาพล่าสุดที่ถูกต้อง จะอ่านใหม่เมื่อบันทึกไฟล์",
    "explore.reloaded": "อ่าน {file} ใหม่แล้ว",
    "explore.not-yet": "ยังคำนวณไม่เสร็จ",
    "explore.keys": "k ล่ม  z zone  +/- ภาระ  w workload  v แบบ  o เปิด  r/R replica  u ย้อน  ^r ทำซ้ำ  0 คืนค่า  s บันทึก  c คำสั่ง  Tab ช่อง  Enter ดูเพิ่ม  ? วิธีใช้  q ออก",
    # dialogs
    "explore.choose": "Enter เลือก Esc ยกเลิก",
    "explore.close": "ลูกศรเลื่อน Esc ปิด",
    "explore.choose-zone": "ทำให้ zone ล่ม หรือฟื้นคืน",
    "explore.choose-workload": "Workload",
    "explore.choose-variant": "แบบอื่นของระบบ (variant)",
    "explore.choose-scenario": "Scenario",
    "explore.zone-lost": "ล่ม",
    "explore.no-zones": "scenario นี้ไม่มี zone",
    "explore.failover-title": "การล่มนี้ทำอะไรบ้าง ตามที่ sysdesign failover บอก",
    "explore.commands-title": "สิ่งเดียวกันเป็นคำสั่ง",
    "explore.commands": "คำสั่งเหล่านี้ให้ตัวเลขเดียวกัน คำสั่งสุดท้ายกลับมาที่นี่ และจะพิมพ์ให้เมื่อออก",
    "explore.help-title": "วิธีใช้",
    "explore.help": """ลองเปลี่ยนอะไรสักอย่าง แล้วดูว่าเกิดอะไรขึ้น

  k         ทำให้ Service ที่เคอร์เซอร์ชี้อยู่ล่ม หรือฟื้นคืน ถ้าชี้ที่ทีม: ทุก Service ของทีม
  z         ทำให้ zone ล่ม หรือฟื้นคืน
  + -       เพิ่มหรือลดภาระ: การเริ่มของทุก Flow
  w v o     workload อื่น แบบอื่น scenario อื่น
  r R       เพิ่มหรือลด replica หนึ่งตัวของ Service ที่เคอร์เซอร์ชี้อยู่
  u ^r 0    ย้อน ทำซ้ำ คืนทุกอย่างเป็นเหมือนเดิม

  s         บันทึกสิ่งที่เปลี่ยนเป็น variant
  c         สิ่งเดียวกันเป็นคำสั่ง
  Tab       ย้ายจาก Service ไปรายละเอียดและ Flow ใช้ลูกศร Page up และ Page down
  Enter     ที่ Flow: ขั้นตอน ที่ Service: ผลทั้งหมดของการล่ม ที่ทีม: ย่อหรือขยาย
  q         ออก แล้วพิมพ์คำสั่ง

สภาพ เรียงจากเบาไปหนัก: ปกติ ลดคุณภาพ (ตอบได้น้อยลง) ล่าช้า (จะเกิดขึ้น แต่ช้า) ล้มเหลว (ได้ error)
สูญหาย (ตอบว่าได้ แต่ไม่มีวันเกิดขึ้น) ส่วน “ใช้ไป” คิดจาก replica ทั้งหมดที่มีได้และยังเหลือ

สภาพและการใช้งานแสดงทันที ส่วนภาระเกินลามไปไหน ใช้เวลาเท่าไร และค่าใช้จ่าย ต้องคำนวณนานกว่า
ระหว่างนั้นแสดงเป็น … และไม่แสดงตัวเลขเก่าเป็นตัวเลขปัจจุบัน

เมื่อบันทึกไฟล์ในหน้าต่างอื่น จะอ่านใหม่เอง ถ้ามีที่ผิดจะแสดงให้เห็น และคงสภาพล่าสุดที่ถูกต้องไว้จนกว่าจะแก้
""",
    "explore.state": "สภาพ",
    "explore.used-head": "ใช้ไป ",
    "explore.all-requests": "คำตอบ {answers}; เสร็จสิ้น {completions}",
    "explore.all-requests-same": "คำขอทั้งหมด {answers}",
    "explore.relieved": "จะถูกขอเท่านี้ถ้าส่วนก่อนหน้าไม่มีภาระเกิน งานที่ส่วนนั้นทิ้งจะมาไม่ถึงที่นี่",
    "explore.times-of-answered": "เวลาเหล่านี้ไม่รวมภาระเกิน เป็นของคำขอที่ได้คำตอบเท่านั้น",
    # saving
    "explore.type": "Enter ตกลง Esc ยกเลิก",
    "explore.no-replicas": "ส่วนนี้ไม่มี replica ของเราให้เพิ่มหรือลด",
    "explore.no-fewer": "ลดน้อยกว่านี้ไม่ได้",
    "explore.nothing-to-save": "ไม่มีการเปลี่ยนที่ variant เก็บได้ (ภาระ, replica, --set) การล่มและ workload อยู่ในคำสั่ง: c",
    "explore.save-name": "ชื่อ variant ใหม่",
    "explore.save-file": "ไฟล์ที่จะเขียน",
    "explore.save-title": "บันทึกเป็น variant",
    "explore.save-own": "ส่วนนี้จะเพิ่มใน {path} ใต้ variants: บรรทัดอื่นทั้งหมดคงเดิม",
    "explore.save-copy": "ส่วนนี้จะอยู่ใน {path} ซึ่งจะเป็นสำเนาของ scenario ทั้งหมดพร้อม variant นี้",
    "explore.save-paste": "ใส่ส่วนนี้ใน {path} อย่างปลอดภัยไม่ได้ เพราะรูปแบบการเขียนหรือมีการ include ไฟล์อื่น โปรดวางไว้ใต้ variants: เอง",
    "explore.save-without": "ไม่รวมอยู่ในนี้ เพราะการล่มไม่ใช่ส่วนของการออกแบบ: {names} มีอยู่ในคำสั่ง: c",
    "explore.save-sure": "เขียน {path} หรือไม่ กด y เพื่อเขียน Esc ยกเลิก",
    "explore.save-replace": "มีไฟล์ {path} อยู่แล้ว แทนที่หรือไม่ กด y เพื่อแทนที่ Esc ยกเลิก",
    "explore.cannot-save": "เขียน {path} ไม่ได้: {reason}",
    "explore.saved": "variant {name} อยู่ใน {path} แล้ว",
    "explore.edited-meanwhile": "{path} ถูกแก้ระหว่างนี้ จึงยังไม่ได้เขียน: กด s อีกครั้ง",
}
