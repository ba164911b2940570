"""A small commented scenario to begin with; it passes ``check``."""

from __future__ import annotations

_STARTER = """\
# A scenario of sysdesign: what there is, what happens in it, how often, and what is promised.
# Editors with a YAML language server complete and explain every key:
#   sysdesign schema > sysdesign.schema.json
# yaml-language-server: $schema=sysdesign.schema.json
sysdesign: 1
name: {name}
title: {{en: A shop with one event, th: ร้านค้าที่มีหนึ่ง Event}}
zones: [a, b, c]                # parts of the data centre that fail together
source: assumption              # where figures come from that do not say so themselves

defaults:                       # for everything below
  calls: {{timeout: 1s}}
  events: {{dead_letters: true}}

services:
  shop:                         # something deployed
    team: shop
    replicas: 2
    handles:                    # what it does, one handler for each kind of message
      Order:
        takes: 10ms             # its own work, without waiting for others
        calls: shop-db.write    # it waits for these
        publishes: [Ordered]    # and does not wait for those who subscribe to this
        publish_mode: outbox    # stored with the order: a dead broker delays it, nothing is lost
  shop-db: {{kind: database, team: shop, replicas: 2}}   # has handlers read and write by itself

  mail:
    team: mail
    replicas: 2
    handles:
      Ordered: {{takes: 5ms, calls: mail-provider, idempotent: true}}   # named after the event: subscribes to it
  mail-provider: {{kind: external, handles: {{send: {{takes: 300ms, idempotent: true}}}}}}

  broker: {{kind: broker, team: shop, replicas: 3, needs: 2}}

events:
  Ordered: {{size: 2KB}}

flows:
  order:
    title: {{en: Place an order, th: สั่งซื้อ}}
    starts: shop.Order          # the user waits for this
    completed: mail.Ordered     # and this must have happened some time
    objectives: {{answer_p99: 500ms, availability: 99.9%, complete_within: 1h, recover_within: 4h, lose_at_most: 0}}

workloads:
  normal-day:
    starts: {{order: 20/s}}       # at the busiest moment
    shape: office-day           # how the rest of the day goes
    days_per_year: 365

claims:
  orders-go-on:
    says: {{en: Orders go on while the mail service is dead, th: สั่งซื้อได้ต่อแม้บริการอีเมลล่ม}}
    given: {{kill: mail, for: 1h}}
    expect: {{flow: order, answer: ok, completion: delayed}}
"""


def starter(name: str) -> str:
    """The text of a starter file for a system of that name."""
    return _STARTER.format(name=name)
