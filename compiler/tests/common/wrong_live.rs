//! Wrong live programs, each with exactly one mistake: what it is, the code, the program.

/// All of them.
pub fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    [
        READS,
        SEALS,
        BLOCKS,
        REASONS,
        EVENTS,
        SERVICES,
        DECLARATIONS,
        TESTS,
    ]
    .into_iter()
    .flatten()
}

/// What effects read.
pub const READS: &[(&str, &str, &str)] = &[
    (
        "a table is read bare when an event happens",
        "E0502",
        r#"
service Likes {
    table like(post: String, user: String);
    table count_seen(post: String) -> Max<Nat>;
    request add(post: String, user: String) -> Unit;
    event look(post: String, user: String);
    on add(post, user) { merge like(post, user); look(post, user); reply (); }
    on look(post, user) { merge count_seen(post) -> 1 if like(post, user); }
}
"#,
    ),
    (
        "a changing view is read bare by a reply",
        "E0502",
        r#"
service Kv {
    table value(key: String) -> Lww<String>;
    request put(key: String, v: String) -> Unit;
    request get(key: String) -> Option<String>;
    on put(key, v) as r { merge value(key) -> Lww(r.at, v); reply (); }
    on get(key) { reply v if maybe value(key) -> v; }
}
"#,
    ),
    (
        "a read that waits would do",
        "E0502",
        r#"
service Vote {
    table ballot(poll: Id, voter: String);
    request vote(poll: Id, voter: String) -> Unit;
    request result(poll: Id) -> Nat;
    event close(poll: Id);
    on vote(poll, voter) as r { merge ballot(poll, voter); schedule close(r.id) after 1h; reply (); }
    on close(poll) { seal ballot(poll, _) because "the poll was announced to last an hour"; }
    on result(poll) { reply count(1 for ballot(poll, _)); }
}
"#,
    ),
    (
        "a standing rule reads under not what still grows",
        "E0502",
        r#"
table known(user: String);
table banned(user: String);
table welcome(user: String);
event join(user: String);
event ban(user: String);
on join(user) { merge known(user); }
on ban(user) { merge banned(user); }
merge welcome(user) if known(user), not banned(user);
"#,
    ),
    (
        "a standing rule reads a value that may be replaced",
        "E0502",
        r#"
table price(sku: String) -> Lww<Int>;
table seen(sku: String, cents: Int);
event quote(sku: String, cents: Int);
on quote(sku, cents) as q { merge price(sku) -> Lww(q.at, cents); }
merge seen(sku, cents) if price(sku) -> cents;
"#,
    ),
    (
        "a standing rule tests a climbing value with ==",
        "E0502",
        r#"
table vote(poll: Id, voter: String);
table done(poll: Id);
view votes(poll: Id) -> Count;
votes(poll) -> 1 if vote(poll, _);
event cast(poll: Id, voter: String);
on cast(poll, voter) { merge vote(poll, voter); }
merge done(poll) if votes(poll) -> n, n == 3;
"#,
    ),
    (
        "a standing rule hands a climbing value to a sum",
        "E0502",
        r#"
table high(player: String) -> Max<Nat>;
table total() -> Sum<Nat>;
event score(player: String, points: Nat);
on score(player, points) { merge high(player) -> points; }
merge total() -> points if high(_) -> points;
"#,
    ),
    (
        "a standing rule counts rows that still arrive",
        "E0502",
        r#"
table task(id: Id);
table report(n: Nat);
event add(id: Id);
on add(id) { merge task(id); }
merge report(n) if let n = count(1 for task(_));
"#,
    ),
    (
        "final on a table that nothing seals",
        "E0504",
        r#"
service Kv {
    table value(key: String) -> Lww<String>;
    request put(key: String, v: String) -> Unit;
    request get(key: String) -> Option<String>;
    on put(key, v) as r { merge value(key) -> Lww(r.at, v); reply (); }
    on get(key) { reply v if maybe final value(key) -> v; }
}
"#,
    ),
    (
        "final at another prefix than the seal's",
        "E0504",
        r#"
service Cart {
    table item(session: Id, sku: String) -> Sum<Int>;
    request add(session: Id, sku: String) -> Unit;
    request sold(sku: String) -> Int;
    on add(session, sku) { merge item(session, sku) -> 1; seal item(session, _) because "one item to a cart"; reply (); }
    on sold(sku) { reply sum(n for final item(_, sku) -> n); }
}
"#,
    ),
    (
        "final on a view over what nothing seals",
        "E0504",
        r#"
table vote(poll: Id, voter: String);
table outcome(poll: Id, n: Nat);
view votes(poll: Id) -> Count;
votes(poll) -> 1 if vote(poll, _);
event cast(poll: Id, voter: String);
event end(poll: Id);
on cast(poll, voter) { merge vote(poll, voter); }
on end(poll) { merge outcome(poll, n) if final votes(poll) -> n; }
"#,
    ),
    (
        "final on a live input without late",
        "E0504",
        r#"
input click(page: String, at: Time) from kafka("clicks");
table seen(page: String, n: Nat);
event look(page: String);
on look(page) { merge seen(page, n) if let n = count(1 for final click(page, _)); }
"#,
    ),
    (
        "final on a late input without its time",
        "E0504",
        r#"
input click(page: String, at: Time) from kafka("clicks") late 5s by at;
table seen(page: String, n: Nat);
event look(page: String);
on look(page) { merge seen(page, n) if let n = count(1 for final click(page, _)); }
"#,
    ),
    (
        "an output of final rows that never are",
        "E0504",
        r#"
input click(page: String, at: Time) from kafka("clicks");
view clicks(page: String) -> Count;
clicks(page) -> 1 if click(page, _);
output final clicks to csv("clicks.csv");
"#,
    ),
    (
        "an append-only sink for a view that changes",
        "E0505",
        r#"
input order(id: Int) from kafka("orders");
input paid(id: Int) from kafka("paid");
view open(id: Int);
open(id) if order(id), not paid(id);
output open to kafka("open");
"#,
    ),
    (
        "an append-only sink for what could be final",
        "E0505",
        r#"
input click(page: String, at: Time) from kafka("clicks") late 5s by at;
view busiest(minute: Time) -> Top<String>(1);
busiest(at.tumbling(1min)) -> page if click(page, at);
output busiest to csv("busiest.csv");
"#,
    ),
    (
        "an append-only sink for values that climb",
        "E0505",
        r#"
input click(page: String) from kafka("clicks");
view clicks(page: String) -> Count;
clicks(page) -> 1 if click(page);
output clicks to ndjson("clicks.ndjson");
"#,
    ),
    (
        "sample in a view",
        "E0513",
        r#"
table seen(user: String);
event visit(user: String);
on visit(user) { merge seen(user); }
view known(user: String);
known(user) if sample seen(user), user != "";
"#,
    ),
    (
        "final in a test",
        "E0513",
        r#"
table seen(user: String);
event visit(user: String);
on visit(user) { merge seen(user); }
test "a visit is seen" { given visit("ann"); expect final seen("ann"); }
"#,
    ),
    (
        "final on what is closed",
        "E0513",
        r#"
input rank(name: String) from csv("ranks.csv");
table known(name: String);
merge known(name) if final rank(name);
"#,
    ),
];

/// What seals.
pub const SEALS: &[(&str, &str, &str)] = &[
    (
        "a seal by an event alone",
        "E0503",
        r#"
table ballot(poll: Id, voter: String);
event cast(poll: Id, voter: String);
event close(poll: Id);
on cast(poll, voter) { merge ballot(poll, voter); }
on close(poll) { seal ballot(poll, _); }
"#,
    ),
    (
        "a standing seal without a threshold",
        "E0503",
        r#"
table ballot(poll: Id, voter: String);
table closed(poll: Id);
event cast(poll: Id, voter: String);
event close(poll: Id);
on cast(poll, voter) { merge ballot(poll, voter); }
on close(poll) { merge closed(poll); }
seal ballot(poll, _) if closed(poll);
"#,
    ),
    (
        "a threshold with a bound that is not closed",
        "E0503",
        r#"
table ballot(poll: Id) -> Set<String>;
table quorum(n: Nat);
event cast(poll: Id, voter: String);
event lower(n: Nat);
on cast(poll, voter) { merge ballot(poll) -> {voter}; }
on lower(n) { merge quorum(n); }
seal ballot(poll) if ballot(poll) -> voters, quorum(n), voters.len() >= n;
"#,
    ),
    (
        "a seal that is no prefix",
        "E0514",
        r#"
table item(session: Id, sku: String) -> Sum<Int>;
event add(session: Id, sku: String);
event stop(sku: String);
on add(session, sku) { merge item(session, sku) -> 1; }
on stop(sku) { seal item(_, sku) because "it is sold out"; }
"#,
    ),
    (
        "a seal with a value",
        "E0314",
        r#"
table item(sku: String) -> Sum<Int>;
event add(sku: String);
event stop(sku: String);
on add(sku) { merge item(sku) -> 1; }
on stop(sku) { seal item(sku) -> 3 because "it is sold out"; }
"#,
    ),
    (
        "a seal of a view",
        "E0612",
        r#"
table vote(poll: Id, voter: String);
view votes(poll: Id) -> Count;
votes(poll) -> 1 if vote(poll, _);
event cast(poll: Id, voter: String);
on cast(poll, voter) { merge vote(poll, voter); seal votes(poll) because "one is enough"; }
"#,
    ),
    (
        "a seal of what no condition binds",
        "E0310",
        r#"
table vote(poll: Id, voter: String);
event cast(poll: Id, voter: String);
event end(poll: Id);
on cast(poll, voter) { merge vote(poll, voter); }
on end(poll) { seal vote(poll, voter) because "it ends"; }
"#,
    ),
];

/// What stands in `coordinate`.
pub const BLOCKS: &[(&str, &str, &str)] = &[
    (
        "a writer outside the block",
        "E0509",
        r#"
service Bank {
    table balance(account: Id) -> Sum<Int>;
    request deposit(account: Id, cents: Int) -> Unit;
    request withdraw(account: Id, cents: Int) -> Unit;
    on deposit(account, cents) { merge balance(account) -> cents; reply (); }
    coordinate guard by account because "a balance never goes below zero" {
        on withdraw(account, cents) {
            merge balance(account) -> -cents if balance(account) -> b, b >= cents;
            reply ();
        }
    }
}
"#,
    ),
    (
        "a writer at another key",
        "E0509",
        r#"
service Bank {
    table balance(account: Id) -> Sum<Int>;
    request move(from: Id, into: Id, cents: Int) -> Unit;
    coordinate guard by from because "a balance never goes below zero" {
        on move(from, into, cents) {
            merge balance(from) -> -cents if balance(from) -> b, b >= cents;
            merge balance(into) -> cents;
            reply ();
        }
    }
}
"#,
    ),
    (
        "a read at another key",
        "E0509",
        r#"
service Bank {
    table balance(account: Id) -> Sum<Int>;
    request peek(account: Id, other: Id) -> Int;
    coordinate guard by account because "a balance never goes below zero" {
        on peek(account, other) {
            merge balance(account) -> 1;
            reply sum(b for balance(other) -> b);
        }
    }
}
"#,
    ),
    (
        "a view over a live input in a block",
        "E0509",
        r#"
input rate(cents: Int) from kafka("rates");
view rates(cents: Int);
rates(c) if rate(c);
service Bank {
    table seen(account: Id, cents: Int);
    request note(account: Id) -> Unit;
    coordinate guard by account because "rates are noted in line" {
        on note(account) { merge seen(account, c) if rates(c); reply (); }
    }
}
"#,
    ),
    (
        "another instance is read in a block",
        "E0509",
        r#"
agent Account(owner: String) {
    table moved(id: Id) -> Sum<Int>;
    request add(id: Id, from: String) -> Unit;
    coordinate guard by owner because "a balance never goes below zero" {
        on add(id, from) {
            merge moved(id) -> n if Account(from).moved(id) -> n;
            reply ();
        }
    }
}
"#,
    ),
    (
        "an event that does not bind the key",
        "E0510",
        r#"
service Bank {
    table balance(account: Id) -> Sum<Int>;
    request reset(cents: Int) -> Unit;
    coordinate guard by account because "a balance never goes below zero" {
        on reset(cents) { reply () if cents > 0; }
    }
    request pay(account: Id) -> Unit;
    on pay(account) { merge balance(account) -> 1; reply (); }
}
"#,
    ),
    (
        "a block without a reason",
        "E0512",
        r#"
service Bank {
    table balance(account: Id) -> Sum<Int>;
    request pay(account: Id) -> Unit;
    coordinate guard by account {
        on pay(account) { merge balance(account) -> 1; reply (); }
    }
}
"#,
    ),
    (
        "a table in a block",
        "E0515",
        r#"
service Bank {
    request pay(account: Id) -> Unit;
    coordinate guard by account because "payments stand in line" {
        table balance(account: Id) -> Sum<Int>;
        on pay(account) { reply () if account == account; }
    }
}
"#,
    ),
];

/// What stands after `because`, and where it is missing.
pub const REASONS: &[(&str, &str, &str)] = &[
    (
        "sample without a reason",
        "E0507",
        r#"
service Kv {
    table value(key: String) -> Lww<String>;
    request put(key: String, v: String) -> Unit;
    request get(key: String) -> Option<String>;
    on put(key, v) as r { merge value(key) -> Lww(r.at, v); reply (); }
    on get(key) { reply v if maybe sample value(key) -> v; }
}
"#,
    ),
    (
        "a reason for nothing",
        "E0501",
        r#"
table seen(user: String);
event visit(user: String);
on visit(user) { merge seen(user) because "visits are facts"; }
"#,
    ),
    (
        "an empty reason",
        "E0508",
        r#"
table item(id: Id);
event add(id: Id);
event drop(id: Id);
on add(id) { merge item(id); }
on drop(id) { remove item(id) because " "; }
"#,
    ),
    (
        "a copied reason",
        "E0508",
        r#"
table item(id: Id);
table part(id: Id);
event add(id: Id);
event drop(id: Id);
on add(id) { merge item(id); merge part(id); }
on drop(id) {
    remove item(id) because "stale is fine";
    remove part(id) because "stale is fine";
}
"#,
    ),
    (
        "remove without a reason",
        "E0511",
        r#"
table item(id: Id);
event add(id: Id);
event drop(id: Id);
on add(id) { merge item(id); }
on drop(id) { remove item(id); }
"#,
    ),
    (
        "remove in a block that lacks a writer",
        "E0511",
        r#"
table item(id: Id);
event add(id: Id);
event drop(id: Id);
on add(id) { merge item(id); }
coordinate one by id because "an item comes and goes in line" {
    on drop(id) { remove item(id); }
}
"#,
    ),
];

/// What waits for events, and what reads them.
pub const EVENTS: &[(&str, &str, &str)] = &[
    (
        "a rule reads two events",
        "E0506",
        r#"
table both(id: Id);
event first(id: Id);
event second(id: Id);
on first(id) { merge both(id) if second(id); }
on second(id) { merge both(id); }
"#,
    ),
    (
        "a standing rule reads an event",
        "E0506",
        r#"
table seen(id: Id);
event visit(id: Id);
on visit(id) { merge seen(id); }
merge seen(id) if visit(id);
"#,
    ),
    (
        "a view reads an event",
        "E0506",
        r#"
table seen(id: Id);
event visit(id: Id);
on visit(id) { merge seen(id); }
view visits() -> Count;
visits() -> 1 if visit(_);
"#,
    ),
    (
        "an aggregate over an event",
        "E0506",
        r#"
table total(n: Nat);
event visit(id: Id);
event look(id: Id);
on visit(id) { look(id); }
on look(id) { merge total(n) if let n = count(1 for visit(id)); }
"#,
    ),
    (
        "an event is published",
        "E0506",
        r#"
table seen(id: Id);
event visit(id: Id);
on visit(id) { merge seen(id); }
output visit to kafka("visits");
"#,
    ),
    (
        "on waits for a table",
        "E0611",
        r#"
table seen(id: Id);
table copy(id: Id);
event visit(id: Id);
on visit(id) { merge seen(id); }
on seen(id) { merge copy(id); }
"#,
    ),
    (
        "on waits for an event of another service",
        "E0611",
        r#"
service A {
    table seen(id: Id);
    event visit(id: Id);
    on visit(id) { merge seen(id); }
}
service B {
    table copy(id: Id);
    on A.visit(id) { merge copy(id); }
}
"#,
    ),
    (
        "an event that nothing waits for",
        "E0614",
        r#"
table seen(id: Id);
event visit(id: Id);
event left(id: Id);
on visit(id) { merge seen(id); left(id); }
"#,
    ),
    (
        "an event raised as if it were a table",
        "E0612",
        r#"
table seen(id: Id);
event visit(id: Id);
on visit(id) { seen(id); }
"#,
    ),
    (
        "a table derived by a rule",
        "E0612",
        r#"
input user(name: String) from csv("users.csv");
table seen(name: String);
seen(name) if user(name);
"#,
    ),
    (
        "a merge into an event",
        "E0612",
        r#"
table seen(id: Id);
event visit(id: Id);
event look(id: Id);
on visit(id) { merge look(id); }
on look(id) { merge seen(id); }
"#,
    ),
    (
        "a view derived by an event",
        "E0612",
        r#"
table seen(id: Id);
event visit(id: Id);
view known(id: Id);
known(id) if seen(id);
on visit(id) { merge seen(id); known(id); }
"#,
    ),
    (
        "a message is scheduled",
        "E0612",
        r#"
agent Node(rank: Int) {
    table seen(rank: Int);
    message ping(from: Int);
    on ping(from) { merge seen(from); schedule ping(rank) after 1s; }
}
"#,
    ),
    (
        "a delay that is no duration",
        "E0301",
        r#"
table seen(id: Id);
event visit(id: Id);
on visit(id) { merge seen(id); schedule visit(id) after 5; }
"#,
    ),
    (
        "an event argument that nothing reads",
        "E0213",
        r#"
table seen(id: Id);
table twice(id: Id);
event visit(id: Id, page: String);
on visit(id, page) { merge seen(id); merge twice(id); }
"#,
    ),
    (
        "a field that an occurrence does not have",
        "E0205",
        r#"
table seen(id: Id, at: Time);
event visit(id: Id);
on visit(id) as v { merge seen(id, v.time); }
"#,
    ),
    (
        "a head with the wrong columns",
        "E0313",
        r#"
table seen(id: Id, at: Time);
event visit(id: Id);
on visit(id) { merge seen(id); }
"#,
    ),
    (
        "a mistake that two rules share",
        "E0310",
        r#"
table seen(id: Id);
table twice(id: Id);
event visit(id: Id);
on visit(id) if page != "" { merge seen(id); merge twice(id); }
"#,
    ),
];

/// Services, agents, requests.
pub const SERVICES: &[(&str, &str, &str)] = &[
    (
        "a request that no rule replies to",
        "E0601",
        r#"
service Kv {
    table value(key: String, v: String);
    request put(key: String, v: String) -> Unit;
    on put(key, v) { merge value(key, v); }
}
"#,
    ),
    (
        "two replies that always hold",
        "E0602",
        r#"
service S {
    request ask(n: Int) -> Int;
    on ask(n) { reply n; reply n + 1; }
}
"#,
    ),
    (
        "a reply that always holds, and another one",
        "E0602",
        r#"
service S {
    request ask(n: Int) -> Int;
    on ask(_) { reply 0; }
    on ask(n) if n > 10 { reply n; }
}
"#,
    ),
    (
        "an effect on a table of another service",
        "E0603",
        r#"
service A {
    table seen(id: Id);
    request see(id: Id) -> Unit;
    on see(id) { merge seen(id); reply (); }
}
service B {
    request spy(id: Id) -> Unit;
    on spy(id) { merge A.seen(id); reply (); }
}
"#,
    ),
    (
        "an effect from outside on a service's table",
        "E0603",
        r#"
param first: Id;
service A {
    table seen(id: Id);
    request see(id: Id) -> Unit;
    on see(id) { merge seen(id); reply (); }
}
merge A.seen(first);
"#,
    ),
    (
        "a reply to an event",
        "E0604",
        r#"
table seen(id: Id);
event visit(id: Id);
on visit(id) { merge seen(id); reply (); }
"#,
    ),
    (
        "a reply in a standing rule",
        "E0604",
        r#"
input rank(r: Int) from csv("ranks.csv");
reply r if rank(r);
"#,
    ),
    (
        "a reply of the wrong type",
        "E0301",
        r#"
service S {
    request ask(n: Int) -> Int;
    on ask(n) { reply n.to_string(); }
}
"#,
    ),
    (
        "a message to what is no service",
        "E0605",
        r#"
input rank(r: Int) from csv("ranks.csv");
agent Node(rank_of: Int) {
    table seen(rank: Int);
    message ping();
    on ping() { merge seen(rank_of); }
}
send ping() to r if rank(r);
"#,
    ),
    (
        "a message to an agent without its key",
        "E0605",
        r#"
agent Node(rank: Int) {
    table seen(rank: Int);
    message ping();
    on ping() { merge seen(rank); }
}
send ping() to Node;
"#,
    ),
    (
        "a message to a service with a key",
        "E0605",
        r#"
service Log {
    table seen(n: Int);
    message note(n: Int);
    on note(n) { merge seen(n); }
}
send note(1) to Log(3);
"#,
    ),
    (
        "an agent's key of the wrong type",
        "E0301",
        r#"
agent Node(rank: Int) {
    table seen(rank: Int);
    message ping();
    on ping() { merge seen(rank); }
}
send ping() to Node("first");
"#,
    ),
    (
        "a message that the agent does not have",
        "E0201",
        r#"
agent Node(rank: Int) {
    table seen(rank: Int);
    message ping();
    on ping() { merge seen(rank); }
}
send pnig() to Node(1);
"#,
    ),
    (
        "an event is sent",
        "E0612",
        r#"
agent Node(rank: Int) {
    table seen(rank: Int);
    event ping();
    on ping() { merge seen(rank); }
}
send ping() to Node(1);
"#,
    ),
    (
        "a request is read without waiting",
        "E0609",
        r#"
agent Account(owner: String) {
    table taken(cents: Int);
    request take(cents: Int) -> Bool;
    on take(cents) { merge taken(cents); reply cents < 100; }
}
table paid(from: String);
event pay(from: String, cents: Int);
on pay(from, cents) { merge paid(from) if Account(from).take(cents) -> true; }
"#,
    ),
    (
        "a request is called for no argument",
        "E0609",
        r#"
extern http "https://example.org" as Fetch { request get(url: String) -> String; }
table page(url: String, text: String);
event look(url: String);
on look(url) { merge page(url, text) if final Fetch.get(_) -> text; }
"#,
    ),
    (
        "a request is called in a comprehension",
        "E0609",
        r#"
extern http "https://example.org" as Fetch { request get(url: String) -> String; }
table pages(url: String, texts: List<String>);
event look(url: String);
on look(url) { merge pages(url, texts) if let texts = [t for final Fetch.get(url) -> t]; }
"#,
    ),
    (
        "an unknown member of a service",
        "E0201",
        r#"
service A {
    table seen(id: Id);
    request see(id: Id) -> Unit;
    on see(id) { merge seen(id); reply (); }
}
view all(id: Id);
all(id) if A.sene(id);
"#,
    ),
    (
        "a name declared inside and outside a service",
        "E0202",
        r#"
input seen(id: Id) from csv("seen.csv");
service A {
    table seen(id: Id);
    request see(id: Id) -> Unit;
    on see(_) { reply (); }
}
"#,
    ),
];

/// How live things are declared.
pub const DECLARATIONS: &[(&str, &str, &str)] = &[
    (
        "a timer that never waits",
        "E0606",
        r#"
table tick(at: Time);
timer beat every 0s;
on beat(now) { merge tick(now); }
"#,
    ),
    (
        "a timer without a duration",
        "E0301",
        r#"
table tick(at: Time);
timer beat every 10;
on beat(now) { merge tick(now); }
"#,
    ),
    (
        "an agent with two keys",
        "E0607",
        r#"
agent Node(rank: Int, zone: String) {
    table seen(n: Int);
    message ping(n: Int);
    on ping(n) { merge seen(n); }
}
"#,
    ),
    (
        "a request without an address",
        "E0608",
        r#"
request ask(n: Int) -> Int;
on ask(n) { reply n; }
"#,
    ),
    (
        "a service inside a service",
        "E0608",
        r#"
service A {
    service B { }
}
"#,
    ),
    (
        "a request that does not say what it replies",
        "E0325",
        r#"
service S {
    table seen(n: Int);
    request note(n: Int);
    on note(n) { merge seen(n); reply (); }
}
"#,
    ),
    (
        "an event with a reply",
        "E0314",
        r#"
table seen(n: Int);
event note(n: Int) -> Int;
on note(n) { merge seen(n); }
"#,
    ),
    (
        "a table with a type for a combiner",
        "E0305",
        r#"
table seen(n: Int) -> Int;
event note(n: Int);
on note(n) { merge seen(n) -> 1; }
"#,
    ),
    (
        "an attribute without its argument",
        "E0610",
        r#"
@http
service S {
    request ask(n: Int) -> Int;
    on ask(n) { reply n; }
}
"#,
    ),
    (
        "an attribute with an unknown word",
        "E0610",
        r#"
@consistency(strong)
service S {
    request ask(n: Int) -> Int;
    on ask(n) { reply n; }
}
"#,
    ),
    (
        "an attribute that names no column",
        "E0610",
        r#"
@partition(user)
table seen(n: Int);
event note(n: Int);
on note(n) { merge seen(n); }
"#,
    ),
    (
        "an objective that is no duration",
        "E0610",
        r#"
service S {
    @slo(p99: 50)
    request ask(n: Int) -> Int;
    on ask(n) { reply n; }
}
"#,
    ),
    (
        "an attribute of something else",
        "E0211",
        r#"
@slo(p99: 50ms)
table seen(n: Int);
event note(n: Int);
on note(n) { merge seen(n); }
"#,
    ),
    (
        "an outside service without a name",
        "E0613",
        r#"
extern http "https://example.org" { request get(url: String) -> String; }
"#,
    ),
    (
        "a request in foreign code",
        "E0613",
        r#"
extern wasm "score.wasm" { request score(text: String) -> Float; }
"#,
    ),
    (
        "an unknown host",
        "E0613",
        r#"
extern python "score.py" { fn score(text: String) -> Float; }
"#,
    ),
    (
        "a foreign function with a wrong argument",
        "E0301",
        r#"
input line(text: String) from csv("lines.csv");
extern wasm "score.wasm" { fn score(text: String) -> Float; }
view scored(text: String, score_of: Float);
scored(t, score(3)) if line(t);
"#,
    ),
    (
        "late by a column that is not there",
        "E0203",
        r#"
input click(page: String, at: Time) from kafka("clicks") late 5s by time;
view pages(page: String);
pages(p) if click(p, _);
"#,
    ),
];

/// Tests over time.
pub const TESTS: &[(&str, &str, &str)] = &[
    (
        "a reply of what was not given",
        "E0615",
        r#"
service S {
    request ask(n: Int) -> Int;
    on ask(n) { reply n; }
}
test "asks" { in S { given ask(1) as p; expect q -> 1; } }
"#,
    ),
    (
        "a reply of an event",
        "E0615",
        r#"
table seen(n: Int);
event note(n: Int);
on note(n) { merge seen(n); }
test "notes" { given note(1) as p; expect p -> 1; }
"#,
    ),
    (
        "a reply of the wrong type",
        "E0301",
        r#"
service S {
    request ask(n: Int) -> Int;
    on ask(n) { reply n; }
}
test "asks" { in S { given ask(1) as p; expect p -> "one"; } }
"#,
    ),
    (
        "a table is given",
        "E0327",
        r#"
table seen(n: Int);
event note(n: Int);
on note(n) { merge seen(n); }
test "notes" { given seen(1), note(2) as n; expect seen(2), n.id == n.id; }
"#,
    ),
    (
        "a service that is not there",
        "E0204",
        r#"
service Store {
    request ask(n: Int) -> Int;
    on ask(n) { reply n; }
}
test "asks" { in Stroe { given ask(1) as p; expect p -> 1; } }
"#,
    ),
    (
        "a delay that is no duration",
        "E0301",
        r#"
table seen(n: Int);
event note(n: Int);
on note(n) { merge seen(n); }
test "notes" { given note(1); after 5; expect seen(1); }
"#,
    ),
];
