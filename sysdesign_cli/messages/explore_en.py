"""The explorer, in English."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "cli.explore": "Kill, revive, turn the load, switch designs, and see at once what follows: over the whole screen.",
    "cli.opt-load": "Begin at so many times the load of the file.",
    "explore.not-installed": "The explorer needs one package more: {command}",
    "explore.no-terminal": "explore draws over a whole terminal, and here input or output is none. For text: sysdesign failover, latency, capacity, cost.",
    "explore.dumb-terminal": "explore draws over a whole terminal, and this one (TERM is “{term}”) cannot be drawn on. For text: sysdesign failover, latency, capacity, cost.",
    "explore.too-small": "The terminal is {size}; the explorer needs 80×24. Make the window larger, or the letters smaller.",
    # heading
    "explore.at-peak": "{workload}, at its {clock} peak",
    "explore.load": "load × {load}",
    "explore.killed": "killed: {names}",
    "explore.nothing-killed": "nothing is killed",
    "explore.changed": "changed: {changes}",
    # flows
    "explore.promises": "promises",
    "explore.kept": "{count} kept",
    "explore.broken": "broken {count}/{of}",
    "explore.month": "{month} a month",
    "explore.month-before": "{month} a month (was {before})",
    "explore.no-month": "no price book",
    # services
    "explore.team": "{count}",
    "explore.team-hit": "{hit} of {count} hit",
    "explore.no-team": "no team",
    "explore.state.ok": "ok",
    "explore.state.killed": "killed",
    "explore.state.short": "fewer",
    "explore.state.failing": "failing",
    "explore.state.partly-failing": "fails partly",
    "explore.state.starved": "starved",
    "explore.state.idle": "not called",
    "explore.state.degraded": "degraded",
    "explore.state.overloaded": "overloaded",
    "explore.state.levelled": "levelled",
    "explore.about.ok": "ok: works as always",
    "explore.about.killed": "killed: answers nobody, and what is sent to it waits or is lost",
    "explore.about.short": "fewer replicas are left, and they suffice",
    "explore.about.failing": "failing: it runs, but what it cannot do without is dead, so every request fails",
    "explore.about.partly-failing": "fails partly: some requests need what is dead",
    "explore.about.starved": "starved: not broken, but no events come to it",
    "explore.about.idle": "not called: not broken, but nobody gets as far as calling it",
    "explore.about.degraded": "degraded: it answers with less, through a fallback or without something optional",
    "explore.about.overloaded": "overloaded: more is asked of it than it can do",
    "explore.about.levelled": "levelled: more comes than it can do, its queue spreads that over time, and nobody waits at once",
    "explore.about-team": "k kills the whole team's services, or revives them. Enter folds the team.",
    # details
    "explore.flow-starts": "{rate}, {share} of all starts, at {entry}",
    "explore.with-overload": "with the overload: {shares}",
    "explore.late": "late by up to {late}, normal again after {normal}",
    "explore.times": "{what} takes {mean} on average; p50 {p50}, p95 {p95}, p99 {p99}",
    "explore.times-before": "undisturbed: p99 {p99}",
    "explore.times-coming": "how long it takes: being worked out …",
    "explore.jams": "saturated on its way: {services}",
    "explore.time-goes": "the time goes into {parts}",
    "explore.promise": "{what} {promised}: {computed}, {word}",
    "explore.of-team": "team {team}",
    "explore.replicas": "replicas left: {left} of {replicas}",
    "explore.used": "used {used} of all that it may have; undisturbed {before}; {rate} arrive",
    "explore.overload-step": "overload, step {step}: {why}; it sheds {shed} in the end",
    "explore.overload-coming": "where the overload goes from here: being worked out …",
    "explore.more": "… {count} more",
    "explore.more-by-enter": "… and further: Enter shows all of it",
    "explore.calls": "calls {names}",
    "explore.publishes": "publishes {names}",
    "explore.called-by": "called by {services}",
    # below
    "explore.working": "being worked out: overload, latency, cost …",
    "explore.fault": "not worked out: {error}",
    "explore.stale": "{file} has mistakes: what you see is its last good state. It is read again when it is saved.",
    "explore.reloaded": "{file} was read again",
    "explore.not-yet": "still being worked out",
    "explore.keys": "k kill  z zone  +/- load  w workload  v variant  o open  r/R replicas  u undo  ^r redo  0 reset  s save  c command  Tab pane  Enter more  ? help  q quit",
    # dialogs
    "explore.choose": "Enter chooses, Esc leaves it",
    "explore.close": "arrows scroll, Esc closes",
    "explore.choose-zone": "Lose a zone, or have it back",
    "explore.choose-workload": "Workload",
    "explore.choose-variant": "Variant",
    "explore.choose-scenario": "Scenario",
    "explore.zone-lost": "lost",
    "explore.no-zones": "this scenario has no zones",
    "explore.failover-title": "What the kill does, as sysdesign failover tells it",
    "explore.commands-title": "The same as commands",
    "explore.commands": "These give the same figures; the last one comes back here. They are printed when you leave.",
    "explore.help-title": "Help",
    "explore.help": """Turn something, and see what follows.

  k         kill the service under the cursor, or revive it; on a team: all its services
  z         lose a zone, or have it back
  + -       more or less load: every start of every flow
  w v o     another workload, variant, scenario
  r R       one replica more, or fewer, of the service under the cursor
  u ^r 0    undo, redo, everything back as it was

  s         save what was changed as a variant
  c         the same as command lines
  Tab       from the services to the details and the flows; arrows, Page up and down
  Enter     on a flow: its steps; on a service: all that the kill does; on a team: fold it
  q         leave; the command lines are printed

States, mildest first: ok, degraded (answered with less), delayed (will happen, later), failed (an error),
lost (was told yes, and it never happens). Used: of all the replicas a service may have and that are left.

States and use are there at once. Where overload spreads to, how long things take and what they cost take
longer; until they are there a … stands for them. Nothing old is ever shown as current.

The file is read again when it is saved in another window. When it has mistakes they are shown, and the last
good state stays until they are mended.
""",
    "explore.state": "state",
    "explore.used-head": "used ",
    "explore.all-requests": "answers {answers}; completions {completions}",
    "explore.all-requests-same": "of all requests {answers}",
    "explore.relieved": "so much would be asked of it if nobody before it were overloaded; what they shed does not come here",
    "explore.times-of-answered": "the times leave the overload out: they are those of who is answered at all",
    # saving
    "explore.type": "Enter takes it, Esc leaves it",
    "explore.no-replicas": "this has no replicas of ours to add or take away",
    "explore.no-fewer": "fewer than these it cannot have",
    "explore.nothing-to-save": "Nothing is turned that a variant can hold (load, replicas, --set). Kills and the workload are in the command line: c",
    "explore.save-name": "Name of the new variant",
    "explore.save-file": "File to write it to",
    "explore.save-title": "Save as a variant",
    "explore.save-own": "This goes into {path}, below variants:. Every other line of it stays as it is.",
    "explore.save-copy": "This goes into {path}, which becomes a copy of the whole scenario with this variant in it.",
    "explore.save-paste": "This cannot be put into {path} safely, because of the way it is written or because it includes other files. Paste it below variants: yourself.",
    "explore.save-without": "Not in it, since a kill is no part of a design: {names}. The command line has them: c",
    "explore.save-sure": "Write {path}? y writes, Esc leaves it",
    "explore.save-replace": "{path} IS THERE ALREADY. Replace it? y replaces, Esc leaves it",
    "explore.cannot-save": "{path} cannot be written: {reason}",
    "explore.saved": "variant {name} is in {path}",
    "explore.edited-meanwhile": "{path} was edited meanwhile, so nothing was written: press s again",
}
