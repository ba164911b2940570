"""What the words mean: one page for each term, in English."""

from __future__ import annotations

from typing import Final

TERMS: Final[dict[str, str]] = {
    "service": """\
Something that is deployed and runs by itself: a program of ours, a function, a gateway, a database, a
cache, a broker, a CDN, a provider we call, or the user's device (its `kind`).

It is the unit that fails, is scaled, costs money and belongs to a team. sysdesign gives each one
replicas spread over zones, a number of requests that one replica serves at once, and figures for
failure and repair; what a file does not state comes from the kind's defaults, which are assumptions.

Often misunderstood: a service is no unit of behaviour. It may do one thing while the broker is dead and
fail at another, so sysdesign follows its handlers.""",
    "handler": """\
One thing a service does on one message: answer a request, or react to an event. It takes its own time,
makes calls in order, and then publishes events.

It is the unit of behaviour in sysdesign: flows, traffic and failures are followed from handler to
handler. Subscribing to an event is nothing else than having a handler with the event's name.

Often misunderstood: the time a handler takes is its own work, without waiting for what it calls; that
waiting is added by the program.""",
    "call": """\
A synchronous request to a handler of another service: the caller waits for the reply.

A call ties two services together in time. When the callee fails, the caller fails too, unless the call
has a `fallback` or is `optional`, or goes to a cache that can be passed by. A worker of the caller is
held while it waits (unless the service is declared non-blocking), so a slow callee fills those in front
of it.

Often misunderstood: retries and timeouts do not loosen this tie. They change how often and how long the
caller tries, not whether it needs the callee.""",
    "event": """\
A message that says what has happened, such as OrderPlaced, published to a broker for whoever is
interested. Its subscribers are the handlers named after it, and each of them gets its own copy.

The publisher neither knows nor waits for the subscribers, so they may be slow, dead or not yet written.
An event has a size, a retention, a delivery guarantee, a number of deliveries and perhaps a dead-letter
queue; these decide what an outage delays and what it loses.

Often misunderstood: a message that orders one certain service to do something is a command, even when
it travels through a broker, and the sender usually needs its outcome.""",
    "broker": """\
The service that takes events from publishers, keeps them and hands them to subscribers: Kafka,
RabbitMQ, SQS and the like.

It decouples in time: while a subscriber is dead, a durable event waits up to its retention. In
sysdesign it is a service of kind `broker`, with replicas and the number it `needs`; what its death does
to a request depends on the publish mode, and its subscribers starve meanwhile.

Often misunderstood: a broker does not remove the single point of failure. It moves it from the services
to itself, so it needs replicas in several zones, and publishers need an outbox.""",
    "publish-mode": """\
What a publisher does when the broker is away. `in-path`: the request fails. `outbox`: the event is
stored with the data and sent later, so it is delayed. `best-effort`: the error is swallowed and the
effect is silently lost.

Three shops drawn with the same boxes and arrows behave in these three ways when their broker dies, so
the picture alone does not tell. sysdesign takes `publish_mode` from the handler (or `mode` from a
single publish) and assumes in-path where nothing is said.

Often misunderstood: while the broker is up the three look the same, so no ordinary test tells them
apart.""",
    "outbox": """\
A table beside the data: the event is written in the same transaction as the change it tells of, and a
relay sends it to the broker afterwards. What was stored is sent, sooner or later, and nothing is sent
that was not stored.

It is the cure for the dual write. In sysdesign a dead broker then only delays: the answer is ok, the
completion delayed, the messages wait in the outbox and none is lost.

Often misunderstood: the relay may send an event twice, so subscribers must be idempotent. And an outbox
protects the sending, not what happens in the subscriber.""",
    "in-path": """\
A publish mode: the handler sends the event while the caller waits, and fails when the broker does not
take it.

It is honest, because the user sees an error, but it makes the broker part of every request's
availability, although nobody waits for the subscribers. In sysdesign a dead broker makes such a handler
failed. The calls before it have happened by then: the card may be charged and the user still gets an
error.

Often misunderstood: in-path is not safer than an outbox. It tells the truth about one failure and still
leaves store and broker apart after a crash between the two.""",
    "best-effort": """\
A publish mode: the handler tries to send the event and carries on whatever happens.

With the broker dead the user is told yes, and what the event should have caused never happens:
sysdesign calls such a request lost. It is right for what is worthless when late, such as a position
that is sent again in a second, and wrong for orders, payments and anything somebody counts on.

Often misunderstood: best-effort looks like high availability, since no request fails. The failure has
only become invisible.""",
    "idempotent": """\
Doing it twice is as good as doing it once: `set paid to yes` is, `add 100 to the balance` is not. A
request id that is stored and checked makes most work idempotent.

Retries, redeliveries and outbox relays all repeat work, so without it a customer is charged twice. A
handler states `idempotent: true`; check reports subscribers with effects that are not, and retries of
calls that are not.

Often misunderstood: idempotent does not mean that the second reply is the same, only that the effect
is. And the word in the file is a promise: sysdesign believes it, you have to build it.""",
    "saga": """\
One piece of business that runs over several services, each with its own store, as a chain of local
transactions. There is no rollback over all of them, so each step that may have to be taken back has a
compensation.

It replaces the distributed transaction that nobody wants to wait for. In sysdesign a saga is a flow
whose handlers change stores one after the other, with handlers that state what they `compensate`; check
reports steps that a later refusal leaves standing.

Often misunderstood: a saga has no isolation. Others see the reserved stock before the payment succeeds.""",
    "compensation": """\
A new action that undoes the business effect of an earlier one: release the stock, refund the card,
cancel the booking.

When a later step of a saga is refused, the earlier ones have long been committed, and only a
compensation takes them back. In sysdesign a handler names what it undoes with
`compensates: inventory.OrderPlaced`; being a handler of an event, it may itself be delayed or retried,
so it has to be idempotent.

Often misunderstood: compensation is no rollback. The first effect was visible for a while, and some
effects, such as a sent mail, can only be followed by an apology.""",
    "dead-letter-queue": """\
The place for messages that a subscriber failed to handle after all deliveries were used up
(`dead_letters: true`).

Without one they are dropped. With one they are parked: sysdesign reports how many, counts what they
should have caused as delayed, and says that a person has to send them again, so no recovery time is
promised.

Often misunderstood: messages land there when the subscriber is up and fails, for instance because its
database is dead. While the subscriber itself is down nothing is delivered, so no delivery is used up:
the message waits, up to its retention. And a queue that nobody looks at is a slow way of losing
messages.""",
    "retention": """\
How long a broker keeps a message that nobody has taken.

It bounds the outage of a subscriber that costs nothing but time. Of an outage of length T with
retention R, sysdesign takes the share 1 − R/T of the messages as lost when T is longer than R, and none
otherwise; a full queue (`queue_limit`) loses messages too.

Often misunderstood: retention protects against dead subscribers, not against a dead broker; with that
one dead the publish mode decides.""",
    "delivery": """\
How often a subscriber may see one message: `at-least-once` (again, until it is acknowledged),
`at-most-once` (tried once, then forgotten), or `exactly-once` (a promise that holds inside one product
and ends at its border).

At-most-once loses what a dead or failing subscriber should have got; at-least-once repeats, so
subscribers must be idempotent. A message is tried `deliveries` times, `redelivery_delay` apart; after
that it is dropped, or parked in a dead-letter queue.

Often misunderstood: exactly-once does not reach the outside world. A mail provider that was called
twice has sent two mails.""",
    "at-least-once": """\
The broker delivers a message again until the subscriber acknowledges it. It is what brokers ordinarily
do, and the default in sysdesign.

Nothing is forgotten when a subscriber crashes in the middle of its work, as long as retention and
deliveries last. The price is repetition: the crash may come after the work and before the
acknowledgement, so the handler has to be idempotent.

Often misunderstood: duplicates are not a rare fault of the broker. They come with every restart and
every slow acknowledgement.""",
    "flow": """\
A journey that a user or a device starts, from the handler it enters by to the answer and to everything
that has to happen afterwards.

It is what users care about, so failures, load and promises are told for each flow. Its steps are not
typed in: sysdesign follows calls, publishes and subscriptions from `starts`. A flow may also state the
`path` you expect; then a difference is a finding.

Often misunderstood: a flow is no call chain. One flow may branch, go on by events after the answer, and
share its services with all the others.""",
    "answer": """\
The response the user waits for. It is there when the entry handler has ended, or the handler named in
`answered`.

Only what the user waits for can make the answer fail: calls without fallback, and events published in
the path. sysdesign gives the answer of each flow one of the states ok, degraded, delayed, failed or
lost, apart from the completion.

Often misunderstood: an answer is no completion. “Order received” is an answer; the mail that confirms
the payment comes later, or never.""",
    "completion": """\
Everything that must have happened before a flow is really done: the handlers listed in `completed`,
where the journey leads to them.

An event-driven system answers early and completes later, so it can answer well while the business
stands still. In sysdesign a dead subscriber makes the completion delayed as long as the broker keeps
the message, and lost after that.

Often misunderstood: a healthy answer rate says nothing about the completion. And a subscriber that no
completion needs does not hurt the flow; what it misses is listed as a side effect.""",
    "workload": """\
How often each flow starts: a rate at its peak, the shape of the day, spikes, and how many days a year
are like this.

The same design may be ample on a normal day and hopeless in a flash sale, and the blast radius is
weighted by how often each flow is used. A scenario may have several workloads, also `based_on` each
other; sysdesign takes the first one unless `--workload` says otherwise.

Often misunderstood: the number of users is no load. Load is how many of them do something in one
second.""",
    "peak": """\
The highest rate of a flow in a day (`peak`), and the busiest moment of a workload: the time of day at
which all flows together start most often.

Systems are bought for the peak and paid for all day, so the ratio of peak to mean decides between fixed
and elastic capacity. sysdesign looks at the busiest moment and says which it is; during and after an
outage the rates follow the day.

Often misunderstood: a mean over the day hides the problem. Ten million requests a day are 116 a second
on average and may be 2,000 at nine in the morning.""",
    "variant": """\
The same scenario changed by a small patch, such as `ecommerce@synchronous`: first what is in `remove`
is taken away, then `changes` are laid over.

A design decision is only understood next to its alternative, under the same load and the same failures.
Whatever takes a scenario takes `scenario@variant`. Maps are merged; calls, publishes, service times and
replicas are replaced whole.

Often misunderstood: a variant is no copy. What it does not mention follows the original when that is
edited.""",
    "claim": """\
A sentence somebody says about the architecture, with a check: `given` a kill, a lost zone, a workload
or a variant, `expect` a state, a path or a figure.

“If one system fails the others go on” sounds right and is rarely true of every service.
`sysdesign verify` says for each claim whether it holds, does not hold or cannot be decided yet, and
shows the evidence. Claims are a scenario's own test suite: they tell when a change breaks what was
promised.

Often misunderstood: a claim that holds is true of the model, under its assumptions. Whether the model
resembles the system is another question.""",
    "source": """\
Where a figure came from: a title, an address, a date and a grade (A from the operator or vendor, B
press or academic, C a third party's estimate).

A result is as good as the figures in it, and only a figure with a source can be checked again. A source
is named in brackets after the figure, `20/s (conversion)`, or with `source:` for a whole part; `--why`
prints it beside every number.

Often misunderstood: a published SLA is no measurement. It is the threshold below which money is paid
back.""",
    "assumption": """\
A figure or a rule that nobody measured and that the result depends on.

Every model has them; they do harm when they are hidden. sysdesign marks figures with the source
`assumption`, lists with `show --defaults` those it filled in itself, and prints with `--why` the
assumptions in force, such as independent branches or rates at the busiest moment.

Often misunderstood: an assumption is not a mistake. What is wrong is to compare two results that were
computed under different ones.""",
    "blast-radius": """\
How much goes wrong when one thing dies: the share of all requests whose answer, and whose completion,
ends in each state, weighted by the workload; with the flows hit and the services that fail or starve.

It turns “what if the payment service dies?” into a number that can be ranked: `failover --each` tries
every service in turn. A good design makes the radius small, by fallbacks, brokers and separate stores,
and does not merely make failures rare.

Often misunderstood: it is not the number of services that can be reached from the dead one. A service
on which nothing hard depends has a radius of zero, however many arrows lead there.""",
    "degraded": """\
A state: the user got an answer, but a lesser one, through a fallback, without something optional, or
past a dead cache.

It is the best outcome of a failure, and it has to be designed: somebody must decide what the shop shows
when recommendations are dead. In sysdesign a degraded callee degrades its caller, so the word travels
up to the flow.

Often misunderstood: degraded is no failure, but it is no ok either. A fallback that is in use all the
time is an outage that nobody notices.""",
    "delayed": """\
A state: it will happen, only later. A durable broker or an outbox holds it until what is missing comes
back.

Delayed is what an event-driven design makes out of failed. sysdesign says by how much: the message that
waits longest is late by the length of the outage, and all is normal again when the backlog has drained,
which is compared with `complete_within` and `recover_within`.

Often misunderstood: delayed is harmless only within a deadline. After the retention it turns into lost,
and a confirmation that is two days late may be worth nothing.""",
    "failed": """\
A state: the caller gets an error, and knows it.

A call to something dead fails its caller, and so on up to the user, unless a fallback or an optional
call absorbs it. It is unpleasant and honest: the user can try again, and a monitor sees it.

Often misunderstood: failed is milder than lost. In the order ok, degraded, delayed, failed, lost the
last is worst, because there the caller was told yes.""",
    "lost": """\
A state: the caller was told yes, and it will never happen.

It comes from a best-effort publish with a dead broker, an event that is not durable, an outage longer
than the retention, or deliveries used up without a dead-letter queue. It is the worst state, because
nobody is told and nobody tries again; sysdesign counts the messages and compares them with
`lose_at_most`.

Often misunderstood: no error in the log is no proof that nothing is lost. In a demonstration shop that
publishes best-effort every order succeeds while the broker is dead, and none is shipped.""",
    "starved": """\
A subscriber that is alive and gets no work, because what comes before it (a publisher, a service
further up, or the broker) is dead. It is idle, not broken.

The difference matters at three in the morning: restarting a starved service repairs nothing. sysdesign
names it and follows the branch back, and it works again by itself as soon as events arrive.

Often misunderstood: a dashboard shows the notification service at zero and it looks like the culprit.
It is a symptom of something upstream.""",
    "fallback": """\
Another handler that is called when the first one fails: SMS when e-mail is dead, popular items when the
personal ones cannot be had.

It cuts the chain of failure: the caller is then degraded and not failed. A call names it with
`fallback`; `--pessimistic` shows what happens when none works, which is worth knowing, since fallbacks
are the code that runs least.

Often misunderstood: a fallback that needs the same database, zone or provider as the first way fails
together with it. And it must be able to carry the whole load when its hour comes.""",
    "optional": """\
A call that the handler can do without: the answer lacks something, and is degraded, but it comes.

Most of a page is optional, such as recommendations, ratings and banners, and treating all of it as
required makes the page as fragile as its weakest part. A call states `optional: yes` or, better, what
the user gets without it.

Often misunderstood: optional calls still cost time. Without a short timeout a slow recommendation
delays an answer that does not need it.""",
    "cache-aside": """\
The caller asks the cache first and, on a miss, asks the store behind it itself. In a scenario this is a
call with `hit_ratio` and `on_miss`.

When the cache is dead the caller goes past it, so the request is degraded and not failed. But then all
reads go to the store: with a hit ratio of 95 % it gets twenty times as many, which is why check works
out whether it could bear them.

Often misunderstood: a cache that makes the store small enough to be cheap is no longer an optimisation.
It is a part that must not fail.""",
    "read-through": """\
The cache itself fetches what it does not have; the caller knows only the cache. In a scenario this is a
handler with its own `hit_ratio` and `on_miss`, as for a CDN.

It keeps callers simple and fetches each thing once. But the caller has no way past it: when the cache
is dead its callers fail, unless the call has a fallback.

Often misunderstood: cache-aside and read-through are the same while all goes well. They differ in what
a dead cache means.""",
    "cdn": """\
Content Delivery Network: caches of a provider in many places close to users, for what is large or asked
for by many.

It shortens the way (Latency) and keeps bytes off the origin (cost, capacity). It is a service of kind
`cdn` whose handlers have a `hit_ratio` and fetch the rest `on_miss`; the summary says CDN when at least
half of the bytes to users come from its own copies.

Often misunderstood: a CDN helps where many ask for the same thing. It does nothing for a driver's
position or a bank balance, which differ for everybody and change all the time.""",
    "replica": """\
One of several equal copies of a service. `replicas: 3`, or a minimum and a maximum between which
autoscaling moves.

Replicas serve two ends: more capacity, and survival when one dies. A service is down when fewer are
left than it `needs` (1 unless stated); one of them is killed with `--kill order/1`. Failure counts on
the minimum, capacity on the maximum.

Often misunderstood: replicas do not help against what hits all of them at once, such as a bad deploy, a
full database behind them, or the zone they share. And needing all of n replicas makes a service less
available with each one.""",
    "zone": """\
A part of a data centre that fails as a whole, with its own power, cooling and network.

Replicas spread over zones survive the loss of one; sysdesign places them in turn over the zones of the
service, and `failover --zone a` takes all of zone a away at once. Providers, CDNs and users' devices
are in no zone of ours, and a serverless function runs in all of them.

Often misunderstood: two replicas are not two chances when they stand in the same zone. And the
survivors have to carry the load of the lost zone.""",
    "concurrency": """\
How many requests one replica has in work at the same time: threads, connections, environments of a
function.

With the time a worker is held it gives the capacity: 32 workers held for 100 ms each serve at most 320
requests a second. sysdesign counts the calls a worker waits for as held time, unless the service is
`blocking: false`.

Often misunderstood: more threads are not more capacity when all of them wait for the same slow
database. They only move the queue.""",
    "utilisation": """\
The busy share of the workers: rate × time a worker is held ÷ (replicas × concurrency).

It tells how far a service is from its limit. Below 1 it keeps up; at 1 or above work arrives faster
than it is done, and the backlog grows without end. Waiting times rise steeply long before that, so
services are run at some 60 to 70 %.

Often misunderstood: at 90 % there is not “still 10 % free”. With random arrivals at one server the mean
wait at 90 % is nine service times, at 50 % one.""",
    "backlog": """\
The work that has piled up: messages that arrived while nobody could handle them.

After an outage it is rate × outage × the share that could not be done, less what was lost. Until it is
gone every new message waits behind it, so an outage lasts longer for users than for the machines.

Often misunderstood: the backlog is no error. A broker that holds two hours of orders does what it was
bought for, as long as there is spare capacity to drain it.""",
    "drain": """\
Working off a backlog after the repair. It takes backlog ÷ (capacity − rate), because new work keeps
arriving.

Recovery therefore needs spare capacity: at 50 % utilisation an hour's outage drains in an hour, at 90 %
in nine. When capacity is not above the rate it never drains, and sysdesign says so. The rate follows
the day, so a backlog may wait for the night.

Often misunderstood: “the service is up again” is not “we are back to normal”. That comes when the
backlog has drained.""",
    "retry-amplification": """\
Retries on several levels multiply: with r retries on each of d levels, one request becomes (1 + r)^d
calls at the bottom.

It happens just when the bottom can least bear it, and can turn a fault of seconds into a lasting
overload that stays when its cause has gone (a metastable failure). check multiplies the tries along
each chain; retry on one level only, with a `retry_budget`, or let a circuit breaker stop them.

Often misunderstood: retries help against short, independent faults. Against overload they are part of
the fault.""",
    "circuit-breaker": """\
A switch in the caller: after many failures it stops calling for a while and fails at once, then lets a
trial call through.

It saves the caller's workers from waiting for nothing, and the callee from being called while it is
down. In sysdesign it changes how fast a call fails, not whether: without a fallback the caller still
fails.

Often misunderstood: a circuit breaker is no fallback. It gives a quick no; somebody still has to decide
what the user sees then.""",
    "timeout": """\
How long a caller waits before it gives up.

Without one a hanging callee holds a worker of every caller until none is left: a slow dependency stops
a system more surely than a dead one. Timeouts should shrink on the way down, so that a caller outlasts
what it calls, retries included; check reports missing and inverted ones.

Often misunderstood: after a timeout the caller does not know whether it happened. The effect may still
come, so a retry needs an idempotent callee.""",
    "single-point-of-failure": """\
A part whose failure alone stops a flow: a minimal cut set of order 1.

It may be a service with one replica, but also a broker that requests wait for, a provider, a zone that
holds everything, or a team's faulty deploy. `failover --each` kills every service in turn and shows
which of them fail requests.

Often misunderstood: several replicas alone do not remove it, since the service as a whole, its database
and its zone can fail. And not every one has to go: where a flow may be late, a subscriber behind a
broker that keeps the messages does little harm.""",
    "dual-write": """\
Changing two systems, mostly a store and a broker, one after the other without a transaction over both.

A crash between the two leaves them apart for good: an order nobody hears of, or a message about an
order that does not exist. No retry repairs it, because nobody remembers that something is missing.
check reports handlers that write a store and publish without an `outbox`.

Often misunderstood: changing the order of the two steps does not cure it. It only chooses which of the
two halves may be missing.""",
    "shared-database": """\
One database used by services of several teams.

Its tables become an interface that nobody agreed on: no team can change its data alone, one team's
heavy query slows all, and one death stops all. sysdesign counts the databases that services of more
than one team call, and check reports them.

Often misunderstood: services over one shared database are a distributed monolith. They pay for the
network and are as tightly bound as before.""",
    "monolith": """\
One deployment unit that holds many business domains (`domains` of the service).

It is simple to build, test and run, calls within it cost nothing and never fail, and one transaction
covers everything. But a change in one domain redeploys all of them, and it is scaled and fails as a
whole. The summary says monolith when a change redeploys three domains or more on average.

Often misunderstood: a monolith is not a bad design. For one team and an even load it is usually the
right one, and it may well run in many replicas.""",
    "microservices": """\
An architecture of small services, each holding one business domain, with its own store and its own
team, deployed independently.

Only the part that needs it is scaled, a fault can stay where it is, and teams do not wait for each
other. The price is the network between the parts: calls that fail, data that lags, sagas instead of
transactions. `compare` says so when every deployment unit holds one domain.

Often misunderstood: many services are no microservices when they share a database or all have to be up
to answer one request.""",
    "serverless": """\
Functions that the provider starts when requests come and bills by use; there are no servers to look
after and none to pay for while nothing happens.

It suits load that comes and goes: from zero to a peak within seconds, cheap in between. In sysdesign it
is a service of kind `function` with a minimum of 0, a maximum, a start time and a rate at which new
ones can be added. The summary says serverless when at least 30 % of our own units are functions.

Often misunderstood: it is not cheaper at every load, since a steady one is cheaper on servers. And it
does not scale what stands behind it: a thousand functions can drown one database.""",
    "cold-start": """\
The first request to a new replica or function waits until it has started (`starts_in`).

It adds to the answer time just when load rises, so what users wait for may need warm replicas. Two
relatives matter as much. A cold cache sends every read to the database. And services that wait for each
other in a circle cannot start at all once they are all down, of which failover warns.

Often misunderstood: cold starts are rare on average and frequent at the start of a spike, when most
users are there.""",
    "event-driven": """\
An architecture in which services react to events from a broker and do not call each other.

They need not be up at the same time, a dead one delays and does not fail, and a new subscriber is added
without touching the publisher. sysdesign derives the word: at least half of the messages between
services are events, with stores and users' devices left out.

Often misunderstood: a broker in the picture does not make a system event-driven. When every service
publishes and then waits for the reply event, it is a call with more parts.""",
    "read-heavy": """\
A workload of mostly reads. sysdesign says so when at least 80 % of the requests reach no write handler
of a store.

Reads can be copied: caches, CDNs and read replicas take them off the store, at the price of data that
is a little old. That is why a streaming service puts its effort into the CDN and the cache.

Often misunderstood: it is counted by requests, not by bytes or tables. One writing flow among many
readers does not change the word, but may still be the hard part.""",
    "write-heavy": """\
A workload in which writing dominates. sysdesign says so when it is not read-heavy and at least half of
the accesses to stores are writes.

Writes cannot be answered from a copy; they have to be ordered, stored and spread. What helps is to
split them (by place, by user), to take them in through a broker and batch them, or to keep in memory
only what is current.

Often misunderstood: a cache in front does not help writes, and more read replicas make them dearer,
since each copy has to be brought up to date.""",
    "real-time": """\
What the user sees must be fresh. sysdesign says real-time when the tightest `freshness` that a flow
promises is 10 seconds or less.

Freshness rules out long caching and asking now and then; it asks for pushing: events, open connections
(WebSocket), data in memory. A position that is half a minute old sends the driver to the wrong corner.

Often misunderstood: real-time is about the age of the data, not only about a quick answer. A page that
comes in 20 ms from a cache an hour old is fast and not real-time.""",
    "objective": """\
A number that a flow promises: answer time at a percentile, availability, `complete_within`,
`freshness`, `recover_within`, `lose_at_most`.

Without one nobody can say whether a design is good enough, or too good and too dear. sysdesign holds an
outage against the objectives and says met, breached or no objective.

Often misunderstood: 100 % is no objective. Each further nine costs more than the one before, and users
cannot tell it from their own network's faults. A percentile is also not a mean: p99 is the wait of the
unlucky one in a hundred.""",
    "availability": """\
The share of time, or of requests, in which the flow gives its answer. 99.9 % is nearly nine hours of
outage a year, 99.99 % about 53 minutes.

For one component it is MTBF ÷ (MTBF + MTTR), or a figure that the file states as `availability`. A flow
that needs several services is up only when all of them are; redundancy and fallbacks raise it, and
every hard dependency lowers it.

Often misunderstood: multiplying along every path counts a shared dependency twice and promises too
much. A provider's SLA is a refund threshold, not its availability. And a flow can answer all the time
and complete nothing.""",
    "mttr": """\
Mean time to repair: from the failure until it works again, with noticing, deciding and restarting.

Halving it is worth as much as halving the number of failures, and is often easier: alarms, rollbacks,
automatic restarts. In sysdesign an outage lasts as long as the longest `mttr` among the dead, unless
`--for` says otherwise.

Often misunderstood: repaired is not recovered. The backlog still has to drain, and messages in a
dead-letter queue wait for a person.""",
    "mtbf": """\
Mean time between failures of one replica.

With the MTTR it gives the availability, and with the number of parts it tells how often something
fails: of a hundred machines with an MTBF of a year, one fails every three or four days. A service
states `mtbf`; otherwise its kind's default is assumed.

Often misunderstood: an MTBF of a year does not mean that it runs for a year. It is a mean, and says
nothing about failures that hit many at once, such as a bad deploy.""",
    "traffic-equations": """\
How often every handler runs follows from v = e + Pᵀv: e is how often flows enter at it, and P how often
one invocation of a handler runs another (calls, cache misses, one copy of an event for each
subscriber).

One wrong factor early on is multiplied all the way down, and this is how the load of a database at the
end of five hops is known. sysdesign solves them exactly, also with feedback, as long as a loop does not
run itself once or more for each time it runs; that is problem E212.

Often misunderstood: these are means at one moment, with everything working. They say nothing yet about
waiting.""",
    "saga-orchestration-vs-choreography": """\
Two ways to run a saga. Choreography: each service reacts to the events of the others, and nobody holds
the whole. Orchestration: one service tells the others what to do, step by step, and knows how far each
case is.

Choreography adds a participant without touching the rest, but the process stands nowhere and is hard to
follow; `sysdesign flow` makes it visible. Orchestration is easy to read and to change, but the
orchestrator is a part that everything needs. In a scenario the first is handlers named after events,
the second a handler that calls the others or sends them commands.

Often misunderstood: orchestration need not be synchronous. An orchestrator that sends commands through
a broker and stores its progress survives dead participants just as well.""",
    "percentile": """\
The value that a given share of cases stays below: a p95 of 300 ms means that 95 of 100 answers come
within 300 ms. p50 is the median.

A mean hides those who wait longest. sysdesign works with whole distributions and prints mean, p50, p95
and p99 of answers and completions; promises are stated as `answer_p95` or `answer_p99`.

Often misunderstood: percentiles do not add. Five stages in a row, each with a p99 of 15.4 s, have a p99
of 38.7 s together (one server each, 70 % busy), not of 77 s. Side by side it is the other way round: of
a hundred calls at the same time, the slowest is usually beyond the p99 of one.""",
    "headroom": """\
How far the load may grow before a service is full or a promise about time is broken. Headroom of 100 %
means that twice the load is borne.

It is what is left for a rush, for retries and for next year. `capacity` lets all flows grow by the same
factor, in the same mix, until something gives way, and says what: replicas can grow up to their
maximum, a stated time may not be exceeded.

Often misunderstood: 60 % utilisation does not leave 40 %. The load may grow by two thirds (1 ÷ 0.6)
until the service is full, but the answer is late before that. And the loss of a zone needs headroom of
its own.""",
    "waiting-time": """\
The time between a request's arrival and the moment at which a worker takes it. Work comes on top.

It depends on utilisation, on how many workers share the queue, and on how irregular arrivals and work
are. With one worker and random arrivals the mean wait is ρ ÷ (1 − ρ) times the work: 1 at 50 %, 9 at
90 %. `latency` shows it as a column of its own, `capacity` as the mean wait of each service; `--why`
names the formula and its expected error.

Often misunderstood: there is waiting although workers are idle most of the time, because requests come
by chance and not by appointment. And a slow answer need not be slow work: a profiler does not see
waiting.""",
    "littles-law": """\
L = λ · W: the mean number inside equals the rate of arrivals times the mean time inside. It holds for
every system in a steady state, whatever the distributions and the order of service (Little 1961).

1,000 requests a second that hold a worker for 20 ms each keep 20 workers busy: so sysdesign gets the
busy workers of each service, and the replicas needed. It is also the quickest test of a file: 125,000
pings a second, one every 4 s, are 500,000 drivers.

Often misunderstood: it is about means, and says nothing of percentiles. All three figures must belong
to the same border: the time in the queue goes with the number in the queue.""",
    "utilisation-law": """\
U = X · S ÷ m: the busy share of m workers is what they finish a second, times the time that one request
holds a worker. It is Little's law for the workers (Denning and Buzen 1978).

So utilisation follows from rate and holding time without watching any queue, and the service where it
is highest is the bottleneck. In sysdesign the tests hold every answer against it.

Often misunderstood: X is what is finished, not what is asked for. U ends at 100 %; when sysdesign says
that 294 % of what a service can do arrives, the rest queues or is lost. And a worker that waits for a
call is busy, although its processor idles.""",
    "open-and-closed-workload": """\
Open: users arrive at a rate, whether or not others have their answer yet, as on the Internet. Closed: a
fixed number of users, each of whom waits for the answer, thinks, and asks again, as clerks at counters
do.

A closed group cannot overfill a service, since it slows down with it: its rate is users ÷ (think time +
answer time). In a workload `20/s` is open, and `{users: 20, think: 5s}` closed; sysdesign then works
out by mean value analysis how fast they really go.

Often misunderstood: a load test with 50 virtual users is closed. It asks less as soon as the system is
slow, and so never shows what an open crowd does to it (Schroeder, Wierman and Harchol-Balter 2006).""",
    "queue-discipline": """\
Which queue a request joins when a service has several replicas. `shared`: one queue for all of them.
`random`: a balancer draws lots, each replica has its own queue. `round-robin` (the default): in turn.
`least-connections`: to the replica with the fewest requests.

It matters more than most tuning. With eight workers at 70 % the mean wait is 0.11 service times in one
shared queue and 2.33 by lot, twenty times as long; the other two lie between. A service states it as
`queue`; consumers of an event share one queue.

Often misunderstood: equal shares are not short queues. By lot, one replica has a queue while its
neighbour is idle.""",
    "erlang-c": """\
The chance C that a request finds all c workers busy and has to wait, for Poisson arrivals, exponential
times and one queue (M/M/c). The mean wait is then C · S ÷ (c · (1 − ρ)), with S the time of the work.

A. K. Erlang worked it out for telephone exchanges in 1917. sysdesign uses it wherever its conditions
hold, percentiles included, and as the base of approximations elsewhere. Its sister Erlang B is for
places without a queue, and gives the share of requests that a function at its maximum refuses.

Often misunderstood: the chance of waiting is not the utilisation. At 70 % it is 70 % with one worker,
27 % with eight, 4 % with thirty: one large pool waits less than many small ones.""",
    "cut-set": """\
Components that stop a flow when all of them are down. It is minimal when it stops nothing with any one
of them repaired; only minimal ones are listed. Its order is its size.

They are the complete list of ways to fail, and the best start for experiments (`availability
--experiments`). sysdesign finds those of answer and completion, of what delays and of what degrades,
each with its time a year. Those of order 1 are the single points of failure.

Often misunderstood: size is not likelihood. Two parts that are each down 1 % of the time outweigh one
that is down half an hour a year. And adding the chances up gives slightly too much, since two sets may be
down at the same time.""",
    "structure-function": """\
The function that says, for each combination of components up and down, whether a flow works. All
needed: AND. One of several enough: OR. k of n replicas enough: a threshold.

sysdesign derives three of them for each flow from its calls, fallbacks, events and zones: everything is
there, it is on time, it happens at all. Its probability is computed exactly, by zones and decision
diagrams, so that a dependency used twice counts once.

Often misunderstood: it is not the sum of the paths. A needs B or C, both need D, all are up 99 % of the
time: the flow is up 98.00 %. Multiplying along independent paths says 98.96 %, 84 hours a year too
good.""",
    "common-cause": """\
One event that takes several parts at once which were meant to stand in for each other: a zone, a bad
deploy, an expired certificate, a full disk in every replica.

It limits what redundancy can reach. Two replicas of the default service (a failure in 30 days, 15
minutes of repair) are down together for 4 seconds a year; two bad deploys of 20 minutes take both for
40 minutes. In sysdesign it is stated as `zones` and `bad_deploys`, or shows by itself where two ways
need the same service.

Often misunderstood: more replicas do not help against it. What helps is deploying step by step, quick
rollback, other zones, another provider. Independence is the assumption to doubt first.""",
    "importance": """\
How much one component matters to a flow's downtime. Birnbaum: how much likelier the flow is down when
the component is down than when it is up. Criticality: the share of the downtime that goes if it never
fails, Birnbaum × its unavailability ÷ that of the flow. Fussell–Vesely: the share of the downtime in
which all of some cut set with it is down.

`availability` ranks by them. A high Birnbaum says where a failure hurts, a high criticality where
repair and redundancy pay; `what helps` then tries real changes.

Often misunderstood: tools define Fussell–Vesely in three ways, and some give criticality that name.
Compare figures only with the definition beside them. Shares of several components may sum to more than
100 %, since one outage needs them all.""",
    "downtime": """\
How long a flow is down in a year: unavailability × 365 days. 99.9 % is 8.76 hours, 99.99 % 53 minutes,
99.999 % 5.3 minutes.

Hours can be imagined, nines cannot. `availability` gives them for answers and completions, and says
which cut sets they come from and how many a change saves.

Often misunderstood: it is an expectation. 40 minutes a year may be four hours once in six years, and
nothing in the others. And an hour at the peak fails far more requests than one at night.""",
    "service-level-agreement": """\
SLA: a contract in which a provider pays something back when its service was up less than, say, 99.95 %
of a month. It is a threshold for a refund.

Files often take it for want of a measured figure: `availability: 99.95% (rds-sla)`. sysdesign then says
“stated, not measured” below the result. What you promise yourselves is an `objective`; it may be
stricter or laxer than any SLA.

Often misunderstood: an SLA is no forecast. Providers mostly do better, and sometimes much worse. The
refund is a part of their bill, not of your loss; short outages and maintenance often do not count.""",
    "price-book": """\
A YAML file of prices: what an item costs for what (hour, GB-month, a million requests), perhaps in
tiers, with address and date of every row.

A service names its item in `runs_on`, the scenario its book in `prices`; `cost --prices FILE` takes
another. sysdesign never counts what has no price as nothing: it lists it, and writes > before the sum.
Prices that are assumptions or older than a year are listed too.

Often misunderstood: list prices are not the bill. Discounts, support and taxes are missing, and so are
people. Proportions between variants survive that better than sums do.""",
    "break-even": """\
The value of a figure at which two options are equal; beyond it the other one is better. The load from
which servers are cheaper than functions is the usual example.

It turns “it depends” into a number. sysdesign finds it by solving for the root: as the metric
`break_even_rate`, and in `tradeoff` along load, peak, cache misses and prices. Where the options never
cross within reason, it says so.

Often misunderstood: it is no property of a technology. It moves with the shape of the day, the prices
and the utilisation that servers are filled to. And since replicas come in whole numbers, the curves may
jump and cross more than once.""",
    "pay-per-use": """\
Paying for requests, bytes and the seconds of work, not for machines by the hour. Functions, tables on
demand, queues and CDNs are sold so.

What is idle costs nothing, so it suits load with high peaks and long pauses. sysdesign charges
functions by requests and by memory × time held, and compares: `cost` for the sum, `break_even_rate` for
the load at which it stops paying.

Often misunderstood: it is not cheap but proportional. An hour of work costs more than on a well filled
server, and the time a function waits for a slow provider is paid as well. A loop or an attack has no
upper limit unless you set one.""",
    "idle-share": """\
The part of paid worker time in which nothing is done: 1 − worker-seconds at work ÷ worker-seconds
there.

It is the price of peaks, and of replicas that are there to survive a failure. `cost` shows it for each
service and for the whole; what is paid by use has none. Brokers, CDNs and other people's services are
left out, since their workers are not known.

Often misunderstood: idle is not wasted. A second replica in another zone is nearly idle and worth it.
An idle share of 10 % is no success either, but a queue at the next peak.""",
    "pareto-front": """\
The options that no other option beats: none is at least as good in everything and better in something.
An option that is beaten so is dominated.

A dominated option needs no discussion, whatever the weights. `tradeoff` shows which are on the front,
and by whom the others are dominated.

Often misunderstood: being on the front is no praise. The cheapest design is always on it, even when it
is useless otherwise. And the more metrics are compared, the more options are on it.""",
    "trade-off": """\
A choice among aims that cannot all be had at once: cheap, available, fast, easy to change.

`tradeoff SCENARIO` puts the variants side by side: figures, promises kept, the Pareto front, a ranking
by weights, and what would turn the ranking round. Each metric is scaled from 0 for the worst option to
1 for the best, then weighed (`tradeoff: {weights: …}` or `--weight cost=3`).

Often misunderstood: weights are a judgement, not a result, and the scale depends on who takes part: a
hopeless third option can change the order of the other two. So the sum matters less than what it takes
to flip it.""",
    "tornado": """\
A table of inputs, sorted by how far each of them moves the result when it alone goes from its low to
its high value. Drawn as bars it looks like a funnel of wind.

It says which assumption to measure next. `tradeoff` takes the stated ranges (`4s..10s`, `12ms ± 3ms`)
from end to end and the other parameters 20 % either way, watches the lead of the first option, and
marks what makes another one first.

Often misunderstood: one input at a time shows nothing of their joint effect; samples of all of them do
(`--samples`). And a long bar may come from a strong effect or just from a wide range.""",
    "latin-hypercube": """\
A way to draw samples of many uncertain inputs: the range of each is cut into as many equal pieces as
there are samples, and each piece is used exactly once, in a random combination with those of the others
(McKay, Beckman and Conover 1979).

So even a few samples cover every range evenly, and means settle sooner than with plain chance.
`tradeoff --samples` draws so, from a fixed seed: the same question has the same answer. Ranges count as
equally likely everywhere, and as independent.

Often misunderstood: more samples make the answer steadier, not truer. It is as good as the ranges.""",
    "metastable-failure": """\
A failure that stays after its cause is gone, because its own consequences keep it alive: retries, cold
caches and full queues hold the load above what the system can do (Bronson et al. 2021, Huang et al.
2022).

A fault of seconds becomes an outage of hours. `failover` says when the tries of the callers exceed what
the repaired service can do, how long a fault is enough, and what `retry_budget` would prevent it.

Often misunderstood: it is no bug in the service that suffers, and repairing or restarting it does not
end it. The load has to go down first: stop the retries, turn users away, let the caches fill slowly.""",
    "overload-cascade": """\
Failures that follow from each other by load: what one part can no longer do falls on others, until
these fail too.

A dead cache sends every read to the database; survivors of a zone carry its share; callers' workers are
held until calls time out. `failover` follows it step by step: a service serves its capacity and sheds
the rest, traffic is solved again, until nothing changes.

Often misunderstood: the loudest failure is seldom the first. And spare capacity on an ordinary day is
not enough: three zones at 70 % are two at 105 % when one is lost.""",
    "sensitivity": """\
How much a result changes when an input does. Where it is low, a guess will do; where it is high, it
pays to measure.

`--set` tries one change, `sweep` a whole range of values, and the tornado of `tradeoff` all uncertain
inputs one by one.

Often misunderstood: it belongs to a point, not to the system. From 50 to 55 % utilisation the mean wait
of one worker grows by a fifth; from 90 to 99 % it grows elevenfold.""",
}
