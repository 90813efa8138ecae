//! Draws an explained plan as SVG: a card for each relation, in it a row for each operator, round
//! the cards of a loop a frame, between cards how rows travel.
//!
//! Invariants:
//! - Pure and deterministic: the same explanation gives the same text.
//! - Every operator is one `<g class="node">` with `data-name` and, where its place is known,
//!   `data-file`, `data-line` and `data-column`, so that an editor can go to the source and back.
//! - Edges between two cards are one line for each way of travelling, so that many rules stay
//!   readable; its title names them all.

mod layers;
mod scene;

use std::fmt::Write;

use crate::plan::{Choice, Explanation, Line, Travel, short_number};
use scene::{Card, Frame, Scene, Wire, scene};

/// Width of a character.
const CHARACTER: f64 = 6.7;
/// Height of a row.
const ROW: f64 = 17.0;
/// Height of a heading.
const HEAD: f64 = 22.0;
/// Space at the sides of a card, where its own edges run on the left.
const LEFT: f64 = 26.0;
const RIGHT: f64 = 10.0;
/// Space round everything.
const MARGIN: f64 = 16.0;
/// Height of the legend.
const LEGEND: f64 = 44.0;
/// The longest text of a row, in characters; titles say the rest.
const LONGEST: usize = 58;

const STYLE: &str = "\
text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}
.head{font-weight:bold;font-size:12px}
.faint{fill:#6e7781}
.node text{paint-order:stroke;stroke:#fff;stroke-width:3px}
.card{fill:#fff;stroke:#8c959f}
.frame{fill:#f6f8fa;stroke:#8c959f;stroke-dasharray:5 3}
.row{fill:transparent}
.node{cursor:pointer}
.node:hover .row,.node.selected .row{fill:#fff3c4}
.wire{fill:none;stroke-width:1.4}
";

/// How a way of travelling is drawn: its words, its colour.
fn travelling(travel: Travel) -> (&'static str, &'static str) {
    match travel {
        Travel::Local => ("stays", "#8c959f"),
        Travel::Hash => ("by key", "#0969da"),
        Travel::Broadcast => ("to every worker", "#bc4c00"),
        Travel::Gather => ("to one worker", "#8250df"),
        Travel::Balance => ("spread evenly", "#1a7f37"),
    }
}

const TRAVELS: [Travel; 5] = [
    Travel::Local,
    Travel::Hash,
    Travel::Broadcast,
    Travel::Gather,
    Travel::Balance,
];

/// The drawing of a plan, a whole SVG document.
pub fn svg(explanation: &Explanation) -> String {
    let scene = scene(explanation);
    let mut pen = Pen {
        explanation,
        text: String::new(),
    };
    pen.document(&scene);
    pen.text
}

/// What a row says.
fn row_text(line: &Line) -> String {
    let mut text = line.words.clone();
    if let Some(rows) = line.rows.filter(|_| line.operator != "fixpoint") {
        text.push_str(&format!("  ~{}", short_number(rows as f64)));
    }
    shortened(&text)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Not allowed in XML at all.
            c if c.is_control() && c != '\n' && c != '\t' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

struct Pen<'a> {
    explanation: &'a Explanation,
    text: String,
}

impl Pen<'_> {
    fn put(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    fn document(&mut self, scene: &Scene) {
        let width = scene.size.0.max(620.0) + 2.0 * MARGIN;
        let height = scene.size.1 + 2.0 * MARGIN + LEGEND;
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">"
        ));
        self.put(format_args!("<style>{STYLE}</style>"));
        self.put(format_args!("<defs>"));
        for travel in TRAVELS {
            let colour = travelling(travel).1;
            self.put(format_args!(
                "<marker id=\"end-{travel:?}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
                 markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\">\
                 <path d=\"M0,0 L8,4 L0,8 z\" fill=\"{colour}\"/></marker>"
            ));
        }
        self.put(format_args!("</defs>"));
        self.put(format_args!(
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
        ));
        self.legend();
        let down = MARGIN + LEGEND;
        self.put(format_args!("<g transform=\"translate({MARGIN},{down})\">"));
        for frame in &scene.frames {
            self.frame(frame);
        }
        for card in &scene.cards {
            self.card(card);
        }
        for wire in &scene.wires {
            self.wire(wire);
        }
        for frame in &scene.frames {
            let (x, y) = frame.corner;
            self.node(frame.line, (x, y + 3.0), frame.size.0);
        }
        self.put(format_args!("</g>"));
        self.put(format_args!("</svg>"));
    }

    fn legend(&mut self) {
        let program = match self.explanation.program.as_str() {
            "" => "the plan".to_string(),
            name => format!("the plan of {}", escaped(name)),
        };
        let workers = self.explanation.workers;
        self.put(format_args!(
            "<text class=\"head\" x=\"{MARGIN}\" y=\"24\">{program}, workers: {workers}</text>"
        ));
        let mut x = MARGIN;
        for travel in TRAVELS {
            let (words, colour) = travelling(travel);
            self.put(format_args!(
                "<line class=\"wire\" x1=\"{x:.0}\" y1=\"42\" x2=\"{:.0}\" y2=\"42\" \
                 stroke=\"{colour}\" marker-end=\"url(#end-{travel:?})\"/>\
                 <text class=\"faint\" x=\"{:.0}\" y=\"46\">{words}</text>",
                x + 24.0,
                x + 30.0,
            ));
            x += 44.0 + words.len() as f64 * CHARACTER;
        }
    }

    fn frame(&mut self, frame: &Frame) {
        let ((x, y), (width, height)) = (frame.corner, frame.size);
        self.put(format_args!(
            "<rect class=\"frame\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\" rx=\"8\"/>"
        ));
    }

    fn card(&mut self, card: &Card) {
        let ((x, y), (width, height)) = (card.corner, card.size);
        self.put(format_args!(
            "<rect class=\"card\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\" rx=\"4\"/>\
             <text class=\"head\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + RIGHT,
            y + 15.0,
            escaped(&shortened(&card.title)),
        ));
        for (at, &line) in card.lines.iter().enumerate() {
            self.node(line, (x, y + HEAD + ROW * at as f64), width);
        }
    }

    /// A row of a card, or the heading of a frame.
    fn node(&mut self, line: usize, (x, y): (f64, f64), width: f64) {
        let explanation = self.explanation;
        let Some(line) = explanation.lines.get(line) else {
            return;
        };
        let mut place = String::new();
        if let Some(known) = &line.place {
            place = format!(
                " data-file=\"{}\" data-line=\"{}\" data-column=\"{}\"",
                escaped(&known.file),
                known.line,
                known.column
            );
        }
        self.put(format_args!(
            "<g class=\"node\" data-name=\"{}\"{place}><title>{}</title>\
             <rect class=\"row\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{ROW}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            escaped(&line.name),
            escaped(&title(line)),
            x + 1.0,
            width - 2.0,
            x + LEFT,
            y + 12.0,
            escaped(&row_text(line)),
        ));
    }

    fn wire(&mut self, wire: &Wire) {
        let colour = travelling(wire.travel).1;
        let mut path = String::new();
        for (at, point) in wire.points.iter().enumerate() {
            let (x, y) = *point;
            if at == 0 {
                path.push_str(&format!("M{x:.1},{y:.1}"));
                continue;
            }
            let (from_x, from_y) = wire.points[at - 1];
            let (first, second) = if wire.aside {
                (
                    (x.min(from_x) - wire.bulge, from_y),
                    (x.min(from_x) - wire.bulge, y),
                )
            } else {
                let half = (y - from_y) / 2.0;
                ((from_x, from_y + half), (x, y - half))
            };
            path.push_str(&format!(
                " C{:.1},{:.1} {:.1},{:.1} {x:.1},{y:.1}",
                first.0, first.1, second.0, second.1
            ));
        }
        self.put(format_args!(
            "<path class=\"wire\" d=\"{path}\" stroke=\"{colour}\" \
             marker-end=\"url(#end-{:?})\"><title>{}</title></path>",
            wire.travel,
            escaped(&wire.title)
        ));
    }
}

/// All that is known of an operator, line by line.
fn title(line: &Line) -> String {
    let mut text = vec![line.name.clone(), line.words.clone()];
    if let Some(place) = &line.place {
        text.push(place.to_string());
    }
    if !line.columns.is_empty() {
        text.push(format!("({})", line.columns.join(", ")));
    }
    text.push(format!(
        "{}, {}, {}",
        line.multiplicity, line.label, line.placement
    ));
    for input in &line.inputs {
        text.push(format!("reads {}: {}", input.from, input.words));
    }
    text.extend(line.choices.iter().map(choice));
    text.join("\n")
}

fn choice(choice: &Choice) -> String {
    let price = choice
        .price
        .map(|p| format!(" ${}", short_number(p)))
        .unwrap_or_default();
    let mut text = format!("chosen {}{price}: {}", choice.chosen, choice.reason);
    for rejected in &choice.rejected {
        let price = rejected
            .price
            .map(|p| format!(" ${}", short_number(p)))
            .unwrap_or_default();
        text.push_str(&format!("\n  not {}{price}", rejected.what));
    }
    text
}
