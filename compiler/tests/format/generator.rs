//! Random programs: every form of the language, right by construction, as a list of tokens.

use Allowed::{Names, Records};

/// The tokens of the program that `choices` make. No choices make an empty program; each choice
/// more adds little.
pub fn program(choices: &[u16]) -> Vec<String> {
    let mut generator = Generator {
        choices,
        tokens: Vec::new(),
    };
    while !generator.choices.is_empty() {
        generator.item(3);
    }
    generator.tokens
}

/// Whether `Upper {` begins a record literal.
#[derive(Clone, Copy, PartialEq)]
enum Allowed {
    Records,
    Names,
}

struct Generator<'a> {
    choices: &'a [u16],
    tokens: Vec<String>,
}

impl Generator<'_> {
    /// A number below `count`; 0 when there are no more choices.
    fn pick(&mut self, count: u16) -> u16 {
        match self.choices.split_first() {
            Some((first, rest)) => {
                self.choices = rest;
                first % count
            }
            None => 0,
        }
    }

    fn one_of(&mut self, texts: &[&str]) {
        let index = self.pick(texts.len() as u16);
        self.add(texts[index as usize]);
    }

    /// Adds tokens written with blanks between them.
    fn add(&mut self, tokens: &str) {
        self.tokens
            .extend(tokens.split_whitespace().map(str::to_owned));
    }

    fn perhaps(&mut self, part: impl FnOnce(&mut Self)) {
        if self.pick(3) == 1 {
            part(self);
        }
    }

    /// `part, part`, with `at_least` parts and perhaps a comma at the end.
    fn list(&mut self, at_least: u16, comma: bool, mut part: impl FnMut(&mut Self)) {
        let count = at_least + self.pick(4) * self.pick(4);
        for index in 0..count {
            if index > 0 {
                self.add(",");
            }
            part(self);
        }
        if comma && count > 0 && self.pick(8) == 1 {
            self.add(",");
        }
    }

    fn lower(&mut self) {
        self.one_of(&[
            "a",
            "b",
            "session",
            "from",
            "type",
            "item_of_the_year",
            "x1",
            "naïve",
            "count",
        ]);
    }

    fn relation(&mut self) {
        self.one_of(&["edge", "r", "dist", "reachable_from_here", "votes"]);
        self.add("(");
    }

    fn upper(&mut self) {
        self.one_of(&["A", "Line", "Some", "Größe", "ALongerNameOfAType"]);
    }

    fn string(&mut self) {
        let strings = [
            "\"\"",
            "\"a b // c\"",
            "\"é\\n\\\"\"",
            "\"a string of some length\"",
        ];
        let index = self.pick(strings.len() as u16);
        self.tokens.push(strings[index as usize].to_owned());
    }

    fn literal(&mut self) {
        match self.pick(2) {
            0 => self.one_of(&["0", "1_000", "2.5", "1e3", "50ms", "5s", "true", "false"]),
            _ => self.string(),
        }
    }

    fn ty(&mut self, depth: u32) {
        match self.pick(if depth == 0 { 2 } else { 5 }) {
            0 => self.one_of(&["Int", "String", "shop . Line"]),
            1 => self.add("Decimal ( 2 )"),
            2 => {
                self.one_of(&["List <", "Map < Int ,", "Top <"]);
                self.ty(depth - 1);
                self.add(">");
                self.perhaps(|g| g.add("( 3 )"));
            }
            3 => self.add("( )"),
            _ => {
                self.add("(");
                self.ty(depth - 1);
                self.add(",");
                self.ty(depth - 1);
                self.add(")");
            }
        }
    }

    fn generics(&mut self) {
        self.perhaps(|g| g.one_of(&["< T >", "< T , U >", "< >", "< T , >"]));
    }

    fn columns(&mut self, comma: bool) {
        self.list(0, comma, |g| {
            g.perhaps(|g| g.add("@ name ( \"date_time\" )"));
            g.lower();
            g.add(":");
            g.ty(1);
        });
    }

    fn signature(&mut self) {
        self.relation();
        self.columns(true);
        self.add(")");
        self.perhaps(|g| {
            g.add("->");
            g.ty(2);
        });
    }

    /// An expression that is no chain of operators.
    fn operand(&mut self, depth: u32, allowed: Allowed) {
        if depth == 0 {
            return match self.pick(2) {
                0 => self.lower(),
                _ => self.literal(),
            };
        }
        let depth = depth - 1;
        match self.pick(14) {
            0 => self.lower(),
            1 => self.literal(),
            2 => self.call(depth),
            3 => {
                self.lower();
                self.one_of(&[". len ( )", ". b . if", ". or ( [ ] ) . take ( 3 )"]);
            }
            4 => {
                self.one_of(&["-", "!", "- -"]);
                self.operand(depth, allowed);
            }
            5 => {
                self.add("(");
                self.list(1, false, |g| g.expression(depth, Records));
                self.add(")");
            }
            6 => {
                self.add("[");
                self.list(0, true, |g| g.expression(depth, Records));
                self.add("]");
            }
            7 => {
                self.add("{");
                match self.pick(2) {
                    0 => self.list(0, true, |g| g.expression(depth, Records)),
                    _ => self.list(1, true, |g| {
                        g.operand(depth, Records);
                        g.add(":");
                        g.expression(depth, Records);
                    }),
                }
                self.add("}");
            }
            8 => {
                let set = self.pick(2) == 1;
                self.add(if set { "{" } else { "[" });
                if set && self.pick(2) == 1 {
                    self.operand(depth, Records);
                    self.add(":");
                }
                self.comprehension(depth);
                self.add(if set { "}" } else { "]" });
            }
            9 => {
                self.one_of(&["sum (", "max ("]);
                self.comprehension(depth);
                self.add(")");
            }
            10 => {
                self.add("if");
                self.expression(depth, Names);
                self.block(depth);
                self.add("else");
                self.perhaps(|g| {
                    g.add("if");
                    g.expression(depth, Names);
                    g.block(depth);
                    g.add("else");
                });
                self.block(depth);
            }
            11 => {
                self.add("match");
                self.expression(depth, Names);
                self.add("{");
                self.list(1, true, |g| {
                    g.pattern(depth);
                    g.add("=>");
                    g.expression(depth, Records);
                });
                self.add("}");
            }
            12 if allowed == Records => {
                self.one_of(&["Line {", "shop . Line {"]);
                self.list(0, true, |g| {
                    g.lower();
                    g.perhaps(|g| {
                        g.add(":");
                        g.expression(depth, Records);
                    });
                });
                self.add("}");
            }
            _ => {
                self.upper();
                self.add("(");
                self.list(1, true, |g| g.expression(depth, Records));
                self.add(")");
            }
        }
    }

    fn call(&mut self, depth: u32) {
        self.one_of(&["f (", "Shape . Circle (", "std . text . words ("]);
        self.list(0, true, |g| g.expression(depth, Records));
        self.add(")");
    }

    fn expression(&mut self, depth: u32, allowed: Allowed) {
        self.operand(depth, allowed);
        if depth == 0 {
            return;
        }
        let comparison = self.pick(6) == 1;
        for _ in 0..self.pick(4) * self.pick(2) {
            self.one_of(&["+", "-", "*", "/", "%"]);
            self.operand(depth - 1, allowed);
        }
        if comparison {
            self.one_of(&["==", "<", ">=", "!="]);
            self.operand(depth - 1, allowed);
            self.perhaps(|g| {
                g.one_of(&["&&", "||"]);
                g.operand(depth - 1, allowed);
            });
        }
    }

    fn comprehension(&mut self, depth: u32) {
        self.expression(depth, Records);
        self.add("for");
        self.conditions(depth, Records);
    }

    fn block(&mut self, depth: u32) {
        self.add("{");
        self.perhaps(|g| g.binding(depth));
        self.expression(depth, Records);
        self.add("}");
    }

    fn binding(&mut self, depth: u32) {
        self.add("let");
        self.pattern(depth);
        self.add("=");
        self.expression(depth, Records);
        self.add(";");
    }

    fn pattern(&mut self, depth: u32) {
        match self.pick(if depth == 0 { 3 } else { 6 }) {
            0 => self.lower(),
            1 => self.add("_"),
            2 => self.one_of(&["1", "- 5", "\"a\"", "true", "None", "E . A"]),
            3 => {
                self.add("( a ,");
                self.pattern(depth - 1);
                self.add(")");
            }
            4 => {
                self.one_of(&["Some (", "Shape . Circle ("]);
                self.pattern(depth - 1);
                self.add(")");
            }
            _ => self.one_of(&["( )", "( a , ( b , _ ) )", "Some ( Some ( x ) )"]),
        }
    }

    fn atom(&mut self, depth: u32) {
        self.relation();
        match self.pick(4) {
            0 => self.add("src : a , .."),
            1 => self.add(".."),
            _ => self.list(0, true, |g| match g.pick(2) {
                0 => g.pattern(depth),
                _ => g.expression(depth, Records),
            }),
        }
        self.add(")");
    }

    fn conditions(&mut self, depth: u32, allowed: Allowed) {
        self.list(1, false, |g| g.condition(depth, allowed));
    }

    fn condition(&mut self, depth: u32, allowed: Allowed) {
        let value = |g: &mut Self| {
            g.perhaps(|g| {
                g.add("->");
                g.pattern(depth);
            });
        };
        match self.pick(6) {
            0 => {
                self.perhaps(|g| g.one_of(&["not", "exists", "maybe"]));
                self.perhaps(|g| g.one_of(&["sample", "final"]));
                self.atom(depth);
                value(self);
            }
            1 => {
                self.atom(depth);
                value(self);
            }
            2 => {
                self.perhaps(|g| g.one_of(&["not", "exists"]));
                self.pattern(depth);
                self.add("in");
                self.expression(depth, allowed);
            }
            3 => {
                self.add("let");
                self.pattern(depth);
                self.add("=");
                self.expression(depth, allowed);
            }
            4 => {
                self.lower();
                self.one_of(&["<", "!=", ">="]);
                self.operand(depth, allowed);
            }
            _ => self.one_of(&["a . is_blank ( )", "f ( a ) == 2", "a || b && c"]),
        }
    }

    fn head(&mut self, depth: u32, value: bool) {
        self.relation();
        self.list(0, true, |g| g.expression(depth, Records));
        self.add(")");
        if value {
            self.perhaps(|g| {
                g.add("->");
                g.expression(depth, Records);
            });
        }
    }

    fn effect(&mut self, depth: u32) {
        match self.pick(7) {
            0 => self.head(depth, true),
            1 => {
                self.add("merge");
                self.head(depth, true);
            }
            2 => {
                self.one_of(&["remove", "seal"]);
                self.atom(depth);
            }
            3 => {
                self.add("send");
                self.head(depth, false);
                self.add("to");
                self.one_of(&["Cart", "Node ( r )"]);
            }
            4 => {
                self.add("schedule");
                self.head(depth, false);
                self.add("after");
                self.one_of(&["40ms", "delay * 2"]);
            }
            5 => {
                self.add("reply");
                self.expression(depth, Records);
            }
            _ => self.add("reply ( )"),
        }
    }

    fn rule(&mut self, depth: u32) {
        self.effect(depth);
        if self.pick(3) > 0 {
            self.add("if");
            self.conditions(depth, Records);
        }
        self.perhaps(Self::because);
        self.add(";");
    }

    fn because(&mut self) {
        self.add("because");
        self.string();
    }

    fn item(&mut self, depth: u32) {
        let kind = if self.pick(6) == 1 {
            self.one_of(&["@ http ( \"/a\" )", "@ slo ( p99 : 50ms ) @ plain"]);
            self.perhaps(|g| g.add("pub"));
            // Any but a rule.
            2 + self.pick(14)
        } else {
            self.pick(if depth == 0 { 16 } else { 22 })
        };
        match kind {
            0 | 1 => self.rule(3),
            2 => self.one_of(&[
                "use std . text . { lower , words , a as b } ;",
                "use shop ;",
                "use a . b as c ;",
                "use a . { B , } ;",
            ]),
            3 => {
                self.add("type");
                self.upper();
                self.generics();
                self.add("=");
                self.ty(2);
                self.add(";");
            }
            4 => {
                self.add("record");
                self.upper();
                self.generics();
                self.add("{");
                self.columns(true);
                self.add("}");
            }
            5 => {
                self.add("enum");
                self.upper();
                self.add("{");
                self.list(0, true, |g| {
                    g.upper();
                    g.perhaps(|g| g.add("( Int , List < T > )"));
                });
                self.add("}");
            }
            6 => self.function(),
            7 => {
                self.add("input");
                self.signature();
                self.add("from");
                self.connector();
                self.perhaps(|g| g.add("late 5s by at"));
                self.add(";");
            }
            8 => {
                self.add("param p :");
                self.ty(2);
                self.perhaps(|g| {
                    g.add("=");
                    g.expression(2, Records);
                });
                self.add(";");
            }
            9 => {
                self.one_of(&["view", "table", "event", "message", "request"]);
                self.signature();
                self.add(";");
            }
            10 => {
                self.add("output");
                self.perhaps(|g| g.add("final"));
                self.one_of(&["r to", "Cart . item to"]);
                self.connector();
                self.add(";");
            }
            11 => {
                self.one_of(&["extern wasm \"m.wasm\" {", "extern http \"url\" as Fetch {"]);
                for _ in 0..self.pick(3) {
                    self.perhaps(|g| g.add("@ slo ( p99 : 50ms )"));
                    self.one_of(&["fn", "request"]);
                    self.signature();
                    self.add(";");
                }
                self.add("}");
            }
            12 => self.add("timer beat every 200ms ;"),
            13 => {
                self.add("test");
                self.string();
                self.test_body(2);
            }
            14 | 15 => self.on(),
            16 | 17 => {
                self.one_of(&["service Cart {", "agent Node ( rank : Int ) {"]);
                for _ in 0..self.pick(5) {
                    self.item(depth - 1);
                }
                self.add("}");
            }
            18 => {
                self.one_of(&["coordinate close by session", "coordinate c by { a , b }"]);
                self.perhaps(Self::because);
                self.add("{");
                for _ in 0..self.pick(3) {
                    self.on();
                }
                self.add("}");
            }
            19 => {
                self.add("lattice L on ( Int , Int ) {");
                for _ in 0..self.pick(3) {
                    self.function();
                }
                self.add("}");
            }
            _ => self.rule(2),
        }
    }

    fn function(&mut self) {
        self.one_of(&["fn f", "monotone fn g"]);
        self.generics();
        self.add("(");
        self.columns(true);
        self.add(") ->");
        self.ty(2);
        self.block(3);
    }

    fn connector(&mut self) {
        self.one_of(&[
            "csv ( \"a.csv\" )",
            "csv ( \"a.csv\" , order : [ - revenue , date ] )",
            "ndjson ( \"events.jsonl\" , path : \"Bid\" , unit : \"ms\" )",
            "stdin ( )",
        ]);
    }

    fn on(&mut self) {
        self.add("on");
        self.atom(1);
        self.perhaps(|g| g.add("as req"));
        self.perhaps(|g| {
            g.add("if");
            g.conditions(1, Names);
        });
        self.add("{");
        for _ in 0..self.pick(4) {
            match self.pick(4) {
                0 => self.binding(2),
                _ => self.rule(2),
            }
        }
        self.add("}");
    }

    fn test_body(&mut self, depth: u32) {
        self.add("{");
        for _ in 0..self.pick(4) {
            match self.pick(if depth == 0 { 3 } else { 4 }) {
                0 => {
                    self.add("given");
                    self.list(1, true, |g| match g.pick(3) {
                        0 => g.add("limit = 3"),
                        1 => g.add("put ( \"a\" , \"1\" ) as p"),
                        _ => g.head(2, true),
                    });
                    self.add(";");
                }
                1 => {
                    self.add("expect");
                    self.list(1, false, |g| match g.pick(3) {
                        0 => g.add("p -> ( )"),
                        1 => g.add("not leaf ( \"b\" )"),
                        _ => g.atom(1),
                    });
                    self.add(";");
                }
                2 => self.add("after 500ms ;"),
                _ => {
                    self.one_of(&["in Cart", "in Node ( 3 )"]);
                    self.test_body(depth - 1);
                }
            }
        }
        self.add("}");
    }
}
