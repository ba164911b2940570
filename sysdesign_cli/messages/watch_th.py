"""While editing, in Thai."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "cli.opt-watch": "ทำซ้ำทุกครั้งที่ไฟล์ที่เกี่ยวข้องเปลี่ยน (scenario ไฟล์ที่ include และตารางราคา) จนกว่าจะกด Ctrl-C",
    "watch.first": "== {time} · กำลังเฝ้าดู {files} กด Ctrl-C เพื่อจบ ==",
    "watch.again": "== {time} · เปลี่ยนแล้ว: {files} ==",
    "watch.more": "{files} และอีก {count} ไฟล์",
    "watch.missing": "--watch ต้องใช้แพ็กเกจที่ยังไม่ได้ติดตั้ง: {command}",
    "watch.needs-file": "--watch ต้องมีไฟล์ให้เขียนใหม่ทุกครั้ง: ระบุ -o ไฟล์",
}
