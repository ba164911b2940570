"""Problems of a file: one page for each, in Thai."""

from __future__ import annotations

from typing import Final

PAGES: Final[dict[str, str]] = {
    "unreadable": """\
เปิดไฟล์นี้หรือไฟล์ที่มัน include ไม่ได้: ไม่มีไฟล์ ไม่ใช่ไฟล์ธรรมดา หรือไม่มีสิทธิ์อ่าน path นับจากโฟลเดอร์ที่คุณอยู่ ส่วน include
นับจากโฟลเดอร์ของไฟล์ที่เรียก ชื่อที่ไม่มี / และไม่ลงท้ายด้วย .yaml จะถูกหาในบรรดา scenario ที่มากับโปรแกรม

ผิด:

    include: [parts/paymnt.yaml]

ถูก:

    include: [parts/payment.yaml]""",
    "too-large": """\
scenario รวมกับทุกไฟล์ที่ include มีขนาดได้ไม่เกิน 64 MB ส่วน scenario ที่มี 20,000 Service ใช้ราว 4.5 MB
จึงน่าจะเป็นไฟล์ผิด หรือมีคนวางข้อมูลดิบลงไป ให้อธิบายข้อมูลและบอกว่าอยู่ที่ใดแทน

ผิด:

    sources:
      log: {title: Access log, note: "…70 MB of log lines…"}

ถูก:

    sources:
      log: {title: Access log of one day, address: logs/access.log, date: 2026-11-29}""",
    "not-text": """\
ไฟล์ไม่ใช่ UTF-8 จึงอ่านตัวอักษรไม่ออก editor รุ่นเก่าบน Windows บันทึกภาษาไทยเป็น Windows-874 (TIS-620) ส่วน
spreadsheet หรือรูปภาพไม่ใช่ข้อความเลย ให้บันทึกเป็น UTF-8 จะมี byte order mark หรือไม่ก็ได้

ผิด:

    title: ÃéÒ¹¤éÒ

ถูก:

    title: ร้านค้า""",
    "control-character": """\
ในข้อความมีอักขระที่มองไม่เห็น: อักขระควบคุม หรืออักขระที่กลับทิศหรือซ่อนสิ่งที่เขียน เคยมีคนใช้อักขระแบบนี้ทำให้ไฟล์ดูต่างจากที่เป็นจริง
จึงห้ามใช้ทุกที่ แม้ในคำอธิบาย ให้ลบออก ส่วนใหญ่ติดมาจากการคัดลอกจากหน้าเว็บหรือ terminal

ผิด:

    title: "Shop\\u202Epohs"

ถูก:

    title: Shop""",
    "not-yaml": """\
ไฟล์ไม่เป็นไปตามกติกาของ YAML การอ่านจึงหยุดที่นี่ สาเหตุที่พบบ่อย: มีเครื่องหมาย :
ตามด้วยช่องว่างในข้อความที่ไม่ได้ใส่เครื่องหมายคำพูด มี tab วงเล็บหรือเครื่องหมายคำพูดไม่ปิด หรือย่อหน้าไม่เท่ากัน ส่วน tag (!…)
หลายเอกสารในไฟล์เดียว และ key ที่เป็นรายการ เป็น YAML ที่ถูกแต่ scenario ไม่ใช้ จุดผิดอาจอยู่บรรทัดก่อนหน้าที่แสดง

ผิด:

    title: Shop: the first

ถูก:

    title: 'Shop: the first'""",
    "too-deep": """\
map และรายการซ้อนกันลึกเกิน 40 ชั้น ไม่มี scenario ใดต้องใช้ถึงสิบสองชั้น วงเล็บหรือย่อหน้าจึงน่าจะผิด

ผิด:

    services:
      shop: {handles: {Buy: {calls: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[stock.Take]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}}
      stock: {handles: {Take: {}}}

ถูก:

    services:
      shop: {handles: {Buy: {calls: [stock.Take]}}}
      stock: {handles: {Take: {}}}""",
    "alias": """\
scenario ไม่ใช้ anchor (&name) และ alias (*name) ของ YAML: ใครอ่าน Service หนึ่งควรเห็นตัวเลขของมันตรงนั้น และ
alias ที่ซ้อนกันไม่กี่ชั้นทำให้ไฟล์เล็กพองเป็นหลาย GB ได้ สิ่งที่หลาย Service ใช้เหมือนกันให้ใส่ใน `defaults` ตามชนิดของ Service
รวมทั้ง `calls` และ `events` ข้อความที่ขึ้นต้นด้วย * ต้องใส่เครื่องหมายคำพูด

ผิด:

    services:
      order: &small {replicas: 2, concurrency: 16}
      stock: *small

ถูก:

    defaults:
      service: {replicas: 2, concurrency: 16}
    services:
      order: {}
      stock: {}""",
    "duplicate-key": """\
มี key เดียวกันสองครั้งใน map เดียว โปรแกรม YAML ส่วนใหญ่เก็บตัวสุดท้ายไว้โดยไม่บอก สิ่งที่คุณเขียนจึงหายไปครึ่งหนึ่ง
ให้ลบออกหนึ่งตัวหรือรวมเข้าด้วยกัน

ผิด:

    services: {order: {}}
    events: {}
    services: {stock: {}}

ถูก:

    services: {order: {}, stock: {}}
    events: {}""",
    "include-outside": """\
ไฟล์ที่ include ต้องอยู่ในโฟลเดอร์ของไฟล์ที่เรียก หรือลึกลงไป scenario จึงคัดลอก ส่งต่อ และตรวจได้ทั้งชุด และ scenario
ของคนอื่นอ่านไฟล์อื่นของคุณไม่ได้ ระบบตาม link ก่อนแล้วจึงตัดสิน ส่วนที่ใช้ร่วมกันให้ย้ายมาไว้ในโฟลเดอร์ย่อย

ผิด:

    include: [../parts/payment.yaml]

ถูก:

    include: [parts/payment.yaml]""",
    "include-cycle": """\
ไฟล์ include ตัวเอง หรือ include ไฟล์ที่ include มันกลับมา การอ่านจึงไม่มีวันจบ include ควรชี้ทางเดียว: จาก scenario
ไปยังส่วนย่อย ส่วนย่อยไม่ต้อง include กันเอง เพราะทุกส่วนถูกนำมารวมกันและใช้ชื่อของกันได้

ผิด:

    name: shop
    include: [shop.yaml]

ถูก:

    name: shop
    include: [parts/payment.yaml]""",
    "unknown-key": """\
ไม่มี key นี้ในที่นี้ มักสะกดผิดหรืออยู่ผิดชั้น ถือเป็นข้อผิดพลาดและไม่ข้ามไป เพราะค่าที่ถูกข้ามไปเงียบ ๆ ทำให้ผลลัพธ์ผิด ข้อความจะบอก
key ที่ใช้ได้ และ editor ที่ใช้ schema (`sysdesign schema`) จะเติมให้ ในข้อความแบบ `{en: …, th: …}`
เครื่องหมายจุลภาคที่ไม่ได้อยู่ในเครื่องหมายคำพูดจะเริ่ม key ใหม่

ผิด:

    services: {order: {repicas: 2}}

ถูก:

    services: {order: {replicas: 2}}""",
    "missing-key": """\
ถ้าไม่มี key นี้ก็ไม่รู้ว่าหมายถึงอะไร: Flow ที่ไม่มี `starts` การเรียกที่ไม่มี `to` คำกล่าวอ้างที่ไม่มี `expect` หรือ Event ที่ไม่มี
Broker เลย สิ่งใดที่มีค่าตั้งต้นที่สมเหตุสมผลจะไม่เขียนก็ได้ แต่ key เหล่านี้ไม่มี

ผิด:

    services: {shop: {handles: {Buy: {}}}}
    flows: {buy: {title: Buy}}

ถูก:

    services: {shop: {handles: {Buy: {}}}}
    flows: {buy: {title: Buy, starts: shop.Buy}}""",
    "wrong-kind": """\
ที่นี่ต้องเป็นค่าชนิดอื่น: ต้องเป็น map แต่เขียนข้อความ ต้องเป็น map แต่เขียนรายการ ต้องเป็นวันที่ เวลา หรือ true/false ถ้า key
ไม่มีอะไรตามหลังถือว่าเป็น “nothing” ส่วน `yes` กับ `no` ใช้แทน true/false ไม่ได้ เพราะโปรแกรม YAML ตีความไม่ตรงกัน

ผิด:

    services: {order: {blocking: yes}}

ถูก:

    services: {order: {blocking: true}}""",
    "bad-choice": """\
ที่นี่เลือกได้ไม่กี่คำ และคำนี้ไม่อยู่ในนั้น เขียนด้วยตัวพิมพ์เล็กตามที่ข้อความแสดง

ผิด:

    services: {order-db: {kind: Database}}

ถูก:

    services: {order-db: {kind: database}}""",
    "bad-name": """\
ชื่อขึ้นต้นด้วยตัวอักษร A ถึง Z ตามด้วยตัวอักษรอังกฤษ ตัวเลข - และ _ ไม่เกิน 80 ตัว ชื่อถูกพิมพ์ในคำสั่งและใช้อ้างอิงแบบ
`order.PlaceOrder` ช่องว่างและจุดจึงทำให้กำกวม ชื่อที่ให้คนอ่านใส่ใน `title` ใช้ภาษาใดก็ได้

ผิด:

    services: {order service: {}}

ถูก:

    services: {order-service: {title: Order service}}""",
    "bad-number": """\
ที่นี่ต้องเป็นตัวเลข ให้เขียนตัวเลขอารบิก ใช้จุดเป็นทศนิยม แล้วตามด้วยหน่วย: `12ms`, `2KB`, `99.95%`, `20/s` ช่วงเขียนเป็น
`4s..10s` หรือ `12ms ± 3ms` และใส่แหล่งที่มาในวงเล็บต่อท้ายได้: `20/s (conversion)`

ผิด:

    services: {order: {takes: fast}}

ถูก:

    services: {order: {takes: 8ms}}""",
    "wrong-unit": """\
ตัวเลขไม่มีหน่วย หรือมีหน่วยของสิ่งอื่น เลข 8 เฉย ๆ อาจเป็นวินาทีหรือมิลลิวินาที ซึ่งต่างกันพันเท่า เวลา ขนาด อัตรา
และเงินจึงต้องมีหน่วยเสมอ ส่วนจำนวนนับและสัดส่วนไม่ต้อง ระวังว่า `m` คือนาที และ `MB` คือหนึ่งล้านไบต์ (`MiB` คือ 1,048,576)

ผิด:

    services: {order: {takes: 8}}

ถูก:

    services: {order: {takes: 8ms}}""",
    "out-of-range": """\
ตัวเลขเล็กหรือใหญ่เกินกว่าจะมีความหมาย ไม่เป็นจำนวนเต็มในที่ที่ต้องนับ หรือเป็นช่วงที่ปลายน้อยกว่าต้น สัดส่วนไม่เกิน 100 %
เวลาไม่ติดลบ และ Service ต้องการอย่างน้อยหนึ่ง replica

ผิด:

    services: {order: {availability: 101%}}

ถูก:

    services: {order: {availability: 99.95%}}""",
    "unknown-name": """\
มีการใช้ชื่อที่ไม่มีใครประกาศไว้: Service, handler, Event, Flow, Workload, zone, แหล่งที่มา, กฎ หรือตัวชี้วัด
ตัวพิมพ์เล็กใหญ่ถือว่าต่างกัน ส่วนใหญ่สะกดผิด จึงแสดงชื่อที่ใกล้เคียงให้ หรือส่วนนั้นถูกเปลี่ยนชื่อหรือถูก variant ลบไปแต่ยังมีที่อ้างถึง

ผิด:

    services:
      order: {handles: {Place: {calls: stok.Reserve}}}
      stock: {handles: {Reserve: {}}}

ถูก:

    services:
      order: {handles: {Place: {calls: stock.Reserve}}}
      stock: {handles: {Reserve: {}}}""",
    "ambiguous-handler": """\
เขียนแค่ชื่อ Service ในที่ที่ต้องเป็น handler และ Service นั้นมีหลาย handler เขียนชื่อ Service อย่างเดียวได้เฉพาะเมื่อมี
handler เดียว ให้เขียน `service.handler`

ผิด:

    services: {shop: {handles: {Browse: {}, Buy: {}}}}
    flows: {buy: shop}

ถูก:

    services: {shop: {handles: {Browse: {}, Buy: {}}}}
    flows: {buy: shop.Buy}""",
    "chances-over-one": """\
map ใต้ `publishes` หมายถึงส่งเพียงหนึ่งใน Event เหล่านี้ แต่ละตัวมีโอกาสของตัวเอง รวมกันจึงเกิน 100 % ไม่ได้ ถ้าแต่ละ Event
เป็นอิสระต่อกันให้เขียนเป็นรายการ น้อยกว่า 100 % ได้: ส่วนที่เหลือคือไม่ส่งอะไร

ผิด:

    services:
      broker: {kind: broker}
      payment: {handles: {Charge: {publishes: {Paid: 92%, Refused: 18%}}}}
    events: {Paid: {}, Refused: {}}

ถูก:

    services:
      broker: {kind: broker}
      payment: {handles: {Charge: {publishes: {Paid: 92%, Refused: 8%}}}}
    events: {Paid: {}, Refused: {}}""",
    "unstable-loop": """\
การเรียกหรือ Event วนกลับมาที่เดิม และเฉลี่ยแล้วแต่ละรอบทำให้เกิดอีกอย่างน้อยหนึ่งรอบ คำขอเดียวจึงทำงานไม่จบ และ Traffic
โตไม่สิ้นสุด (spectral radius ของสมการ Traffic ตั้งแต่ 1 ขึ้นไป) วงจริงต้องมีทางจบ: ให้บอกโอกาสที่จะวนอีกรอบ

ผิด:

    services:
      broker: {kind: broker}
      payment: {handles: {TryAgain: {publishes: [TryAgain]}}}
    events: {TryAgain: {}}

ถูก:

    services:
      broker: {kind: broker}
      payment: {handles: {TryAgain: {publishes: {TryAgain: 20%}}}}
    events: {TryAgain: {}}""",
    "bad-variant": """\
variant คือ scenario เดิมที่แก้เล็กน้อย จึงเปลี่ยนรุ่น ชื่อ include, variant และคำกล่าวอ้างไม่ได้ คำกล่าวอ้างเกี่ยวกับ variant
ให้อยู่ใน scenario แล้วระบุ variant ใน `given`

ผิด:

    services: {order: {replicas: 2}}
    variants:
      large: {changes: {name: large-shop, services: {order: {replicas: 8}}}}

ถูก:

    services: {order: {replicas: 2}}
    variants:
      large: {title: Large shop, changes: {services: {order: {replicas: 8}}}}""",
    "contradiction": """\
แต่ละส่วนถูกต้องในตัวเอง แต่เป็นจริงพร้อมกันไม่ได้: ค่าต่ำสุดมากกว่าค่าสูงสุด ต้องการ replica มากกว่าที่มี มี hit ratio
แต่ไม่บอกว่าเมื่อ miss ทำอะไร คำกล่าวอ้างที่ไม่ได้ถามอะไร หรือ Workload ที่ไม่มีอะไรเริ่ม ข้อความจะบอกว่าสองส่วนใดไม่เข้ากัน
ต้องแก้ส่วนหนึ่ง

ผิด:

    services: {order: {replicas: {min: 4, max: 2}}}

ถูก:

    services: {order: {replicas: {min: 2, max: 4}}}""",
    "too-many": """\
มีบางอย่างมากเกินกว่าที่โปรแกรมรับ: ไฟล์ที่ include ได้ 200 ไฟล์ ค่าทั้งหมด 3,000,000 ค่า แสดงปัญหาได้ 200 ข้อ
หรือมีคู่ที่ต้องลองมากเกินไป ถ้าปัญหามากเกินไปให้แก้ข้อแรก ๆ ก่อน ข้ออื่นมักหายไปด้วย ส่วนไฟล์เล็ก ๆ ให้รวมเป็นไฟล์ที่น้อยลง

ผิด:

    include: [parts/service-1.yaml, parts/service-2.yaml, …, parts/service-250.yaml]

ถูก:

    include: [parts/shop.yaml, parts/payment.yaml]""",
    "defined-twice": """\
Service, Event หรือส่วนเดียวกันถูกกำหนดในสองไฟล์ หรือ include ไฟล์เดียวสองครั้ง ไฟล์ถูกนำมารวมกัน ไม่ได้วางทับกัน
จึงไม่มีตัวใดชนะ ให้เหลือไว้ที่เดียว ถ้าต้องการแก้เพื่อเปรียบเทียบให้ใช้ variant

ผิด:

    include: [parts/payment.yaml]
    services: {payment: {replicas: 2}}

ถูก:

    include: [parts/payment.yaml]
    services: {order: {replicas: 2}}""",
    "unknown-version": """\
`sysdesign: 1` บอกว่าไฟล์เขียนด้วยภาษารุ่นใด และโปรแกรมนี้อ่านรุ่น 1 ไฟล์รุ่นใหม่กว่าต้องใช้โปรแกรมรุ่นใหม่กว่า
เพราะคำเดียวกันอาจมีความหมายต่างไป เลขนี้ไม่ใช่รุ่นของระบบของคุณ

ผิด:

    sysdesign: 2
    name: shop

ถูก:

    sysdesign: 1
    name: shop""",
    "simulation-too-long": """\
การจำลองติดตามทุกคำขอทีละเหตุการณ์ แม้ทำได้วินาทีละหลายล้านเหตุการณ์ ระบบที่ยุ่งเป็นชั่วโมงก็ต้องคำนวณเป็นชั่วโมง
สิ่งที่ต้องคำนวณนานเกินราวหกชั่วโมงจึงไม่รับ เวลาที่สั้นลง จำนวนรอบที่น้อยลง หรือภาระหนึ่งในสิบกับ replica หนึ่งในสิบ
มักให้เห็นสิ่งเดียวกัน

ผิด:

    # sysdesign simulate shop.yaml --for 30d
    workloads: {day: {starts: {order: 100k/s}}}

ถูก:

    # sysdesign simulate shop.yaml --for 10min --scale 0.1
    workloads: {day: {starts: {order: 100k/s}}}""",
    "simulation-too-many-users": """\
ผู้ใช้ของ Flow แบบปิด (users และ think) ถูกจำลองทีละคนและเก็บไว้ในหน่วยความจำทุกคน เกิน 500,000 คนจึงไม่รับ
ผู้ใช้มากขนาดนั้นแทบไม่รู้สึกถึงกันอยู่แล้ว ให้บอกเป็นอัตราแทน หรือจำลองหนึ่งในสิบของผู้ใช้กับหนึ่งในสิบของ replica

ผิด:

    # sysdesign simulate shop.yaml
    workloads: {day: {starts: {order: {users: 3M, think: 1min}}}}

ถูก:

    # sysdesign simulate shop.yaml --scale 0.1
    workloads: {day: {starts: {order: {users: 3M, think: 1min}}}}""",
    "fault-after-end": """\
ความขัดข้องเริ่มหลังการจำลองจบ จึงไม่มีผลอะไร เวลาของความขัดข้องนับจากตอนเริ่มจำลอง ไม่ใช่เวลาของวัน
ให้จำลองนานขึ้น หรือให้ความขัดข้องเริ่มเร็วขึ้น

ผิด:

    # sysdesign simulate shop.yaml --for 5min --kill payment@10min..12min
    services: {payment: {replicas: 2}}

ถูก:

    # sysdesign simulate shop.yaml --for 15min --kill payment@10min..12min
    services: {payment: {replicas: 2}}""",
    "no-such-scenario": """\
ไม่มี scenario ชื่อนี้ในชุดที่มากับโปรแกรม ดูได้ด้วย `sysdesign list` ไฟล์ของคุณเองให้ระบุด้วย path ที่ลงท้ายด้วย .yaml หรือมี /
ตอนนี้ยังไม่ได้เปิดดูเนื้อหาในไฟล์

ผิด:

    sysdesign show my-shop

ถูก:

    sysdesign show my-shop.yaml""",
    "no-such-variant": """\
มี scenario นี้แต่ไม่มี variant ชื่อที่อยู่หลัง @ variant ประกาศไว้ใต้ `variants` และดูได้ด้วย `sysdesign show NAME`
ถ้าไม่ใส่ @ จะใช้ตัว scenario เอง

ผิด:

    # sysdesign show shop.yaml@large
    variants:
      big: {changes: {services: {order: {replicas: 8}}}}

ถูก:

    # sysdesign show shop.yaml@large
    variants:
      large: {changes: {services: {order: {replicas: 8}}}}""",
}
