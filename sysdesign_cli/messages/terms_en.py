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
}
