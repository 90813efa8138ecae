//! Where everything in a drawing is.

use std::collections::{BTreeMap, BTreeSet};

use super::{CHARACTER, HEAD, LEFT, RIGHT, ROW, layers, row_text, shortened};
use crate::plan::{Explanation, Line, Travel};

/// Space between a frame and what is in it.
const PADDING: f64 = 14.0;

type Point = (f64, f64);

/// A drawing, before it is text.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub size: Point,
    pub cards: Vec<Card>,
    pub frames: Vec<Frame>,
    pub wires: Vec<Wire>,
}

/// The operators of one relation, as far as they are in one loop.
#[derive(Debug)]
pub(super) struct Card {
    pub title: String,
    /// Positions of the explanation's lines.
    pub lines: Vec<usize>,
    pub corner: Point,
    pub size: Point,
    /// The loop it is in.
    fixpoint: Option<String>,
}

/// A loop.
#[derive(Debug)]
pub(super) struct Frame {
    /// The position of the fixpoint's line.
    pub line: usize,
    pub corner: Point,
    pub size: Point,
    /// The loop it is in.
    fixpoint: Option<String>,
}

/// How rows get from one place to another.
#[derive(Debug)]
pub(super) struct Wire {
    pub travel: Travel,
    pub points: Vec<Point>,
    pub title: String,
    /// Whether it runs along the left side of one card, and how far out.
    pub aside: bool,
    pub bulge: f64,
}

/// A card or a frame among what is in the same loop, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Frame(usize),
    Card(usize),
}

/// Lays out a drawing.
pub(super) fn scene(explanation: &Explanation) -> Scene {
    let lines = &explanation.lines;
    let mut scene = Scene {
        cards: cards(lines),
        ..Scene::default()
    };
    for (at, line) in lines.iter().enumerate() {
        if line.operator == "fixpoint" {
            scene.frames.push(Frame {
                line: at,
                corner: (0.0, 0.0),
                size: (0.0, 0.0),
                fixpoint: line.fixpoint.clone(),
            });
        }
    }
    let edges = edges(lines, &scene.cards);
    let mut layout = Layout {
        lines,
        scene,
        edges,
        floors: BTreeMap::new(),
        bends: BTreeMap::new(),
    };
    layout.scene.size = layout.inside(None, 0).0;
    layout.wires();
    layout.scene
}

fn cards(lines: &[Line]) -> Vec<Card> {
    // What a loop gives leaves it before it is published.
    let looped: BTreeSet<&str> = lines
        .iter()
        .filter(|line| line.fixpoint.is_some())
        .map(|line| line.relation.as_str())
        .collect();
    let mut cards: Vec<Card> = Vec::new();
    let mut known: BTreeMap<(&str, Option<&str>, bool), usize> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if line.operator == "fixpoint" {
            continue;
        }
        let relation = line.relation.as_str();
        let is_apart = line.operator == "sink" && looped.contains(relation);
        let key = (relation, line.fixpoint.as_deref(), is_apart);
        let card = *known.entry(key).or_insert_with(|| {
            cards.push(Card {
                title: line.relation_name.clone(),
                lines: Vec::new(),
                corner: (0.0, 0.0),
                size: (0.0, 0.0),
                fixpoint: line.fixpoint.clone(),
            });
            cards.len() - 1
        });
        cards[card].lines.push(at);
    }
    for card in &mut cards {
        let texts = card.lines.iter().map(|at| row_text(&lines[*at]));
        let rows = texts.map(|text| text.chars().count()).max().unwrap_or(0) as f64;
        let head = shortened(&card.title).chars().count() as f64 * CHARACTER * 1.1;
        let width = (rows * CHARACTER + LEFT).max(head + RIGHT) + RIGHT;
        card.size = (width, HEAD + ROW * card.lines.len() as f64 + 5.0);
    }
    cards
}

/// What runs between cards: from, to, how.
type Edges = BTreeMap<(usize, usize, Travel), Vec<String>>;

fn edges(lines: &[Line], cards: &[Card]) -> Edges {
    let mut card_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, card) in cards.iter().enumerate() {
        for &at in &card.lines {
            card_of.insert(lines[at].name.as_str(), number);
        }
    }
    let mut edges = Edges::new();
    for line in lines {
        for input in &line.inputs {
            let ends = (
                card_of.get(input.from.as_str()),
                card_of.get(line.name.as_str()),
            );
            let (Some(from), Some(to)) = ends else {
                continue;
            };
            if from != to {
                let said = format!("{} to {}: {}", input.from, line.name, input.words);
                let key = (*from, *to, input.travel);
                edges.entry(key).or_default().push(said);
            }
        }
    }
    edges
}

/// Where the edges between things bend.
type Bends = BTreeMap<(Thing, Thing), Vec<Point>>;

struct Layout<'a> {
    lines: &'a [Line],
    scene: Scene,
    edges: Edges,
    /// Where the layer of each thing ends.
    floors: BTreeMap<Thing, f64>,
    /// By loop: bends of the edges between what is directly in it.
    bends: BTreeMap<Option<String>, Bends>,
}

impl Layout<'_> {
    /// The frame's loop.
    fn name(&self, frame: usize) -> &str {
        &self.lines[self.scene.frames[frame].line].name
    }

    /// The loops that a card is in, from the outside in, the card last.
    fn path(&self, card: usize) -> Vec<Thing> {
        let mut path = vec![Thing::Card(card)];
        let mut around = self.scene.cards[card].fixpoint.as_deref();
        // Loops are no deeper than there are frames.
        for _ in 0..self.scene.frames.len() {
            let frame = (0..self.scene.frames.len()).find(|f| Some(self.name(*f)) == around);
            let Some(frame) = frame else {
                break;
            };
            path.push(Thing::Frame(frame));
            around = self.scene.frames[frame].fixpoint.as_deref();
        }
        path.reverse();
        path
    }

    /// Lays out what is directly in a loop, from (0, 0); its size and everything in it.
    fn inside(&mut self, fixpoint: Option<&str>, depth: usize) -> (Point, Vec<Thing>) {
        let count = self.scene.frames.len();
        let frames = (0..count)
            .filter(|f| self.scene.frames[*f].fixpoint.as_deref() == fixpoint && depth <= count);
        let known = |name: &str| (0..count).any(|f| self.name(f) == name);
        let cards = self.scene.cards.iter().enumerate();
        let cards = cards.filter(|(_, card)| match card.fixpoint.as_deref() {
            Some(around) if known(around) => Some(around) == fixpoint,
            _ => fixpoint.is_none(),
        });
        let direct: Vec<Thing> = frames
            .map(Thing::Frame)
            .chain(cards.map(|(card, _)| Thing::Card(card)))
            .collect();
        // Cards are in the order in which rows pass.
        let mut direct = direct;
        direct.sort_by_key(|thing| match thing {
            Thing::Card(card) => self.scene.cards[*card].lines[0],
            Thing::Frame(frame) => self.scene.frames[*frame].line,
        });
        let mut everything = direct.clone();
        let mut contents: Vec<Vec<Thing>> = Vec::new();
        for &thing in &direct {
            let mut within = Vec::new();
            if let Thing::Frame(frame) = thing {
                let name = self.name(frame).to_string();
                let (size, inner) = self.inside(Some(&name), depth + 1);
                let title = row_text(&self.lines[self.scene.frames[frame].line]);
                let least = title.chars().count() as f64 * CHARACTER + LEFT;
                self.scene.frames[frame].size = (
                    size.0.max(least) + 2.0 * PADDING,
                    size.1 + 2.0 * PADDING + HEAD,
                );
                self.shift(&inner, &name, (PADDING, PADDING + HEAD));
                everything.extend(&inner);
                within = inner;
            }
            contents.push(within);
        }
        let at: BTreeMap<Thing, usize> = direct.iter().enumerate().map(|(i, t)| (*t, i)).collect();
        let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (from, to, _) in self.edges.keys() {
            let found = |card: usize| self.path(card).iter().find_map(|t| at.get(t)).copied();
            if let (Some(a), Some(b)) = (found(*from), found(*to))
                && a != b
            {
                edges.insert((a, b));
            }
        }
        let sizes: Vec<Point> = direct.iter().map(|thing| self.size(*thing)).collect();
        let arranged = layers::arrange(&sizes, &edges);
        for ((&thing, &corner), within) in direct.iter().zip(&arranged.corners).zip(&contents) {
            if let Thing::Frame(frame) = thing {
                let name = self.name(frame).to_string();
                self.shift(within, &name, corner);
            }
            self.put(thing, corner);
        }
        let floors = direct.iter().copied().zip(arranged.floors);
        self.floors.extend(floors);
        let bends = arranged.bends.into_iter();
        let bends = bends.map(|((a, b), points)| ((direct[a], direct[b]), points));
        self.bends
            .insert(fixpoint.map(str::to_string), bends.collect());
        (arranged.size, everything)
    }

    fn size(&self, thing: Thing) -> Point {
        match thing {
            Thing::Card(card) => self.scene.cards[card].size,
            Thing::Frame(frame) => self.scene.frames[frame].size,
        }
    }

    fn put(&mut self, thing: Thing, (x, y): Point) {
        let corner = match thing {
            Thing::Card(card) => &mut self.scene.cards[card].corner,
            Thing::Frame(frame) => &mut self.scene.frames[frame].corner,
        };
        *corner = (corner.0 + x, corner.1 + y);
        if let Some(floor) = self.floors.get_mut(&thing) {
            *floor += y;
        }
    }

    /// Moves all that is in a loop, with its bends.
    fn shift(&mut self, things: &[Thing], fixpoint: &str, by: Point) {
        let mut loops = vec![Some(fixpoint.to_string())];
        for &thing in things {
            self.put(thing, by);
            if let Thing::Frame(frame) = thing {
                loops.push(Some(self.name(frame).to_string()));
            }
        }
        for name in loops {
            let bends = self.bends.get_mut(&name).into_iter();
            for point in bends.flat_map(BTreeMap::values_mut).flatten() {
                *point = (point.0 + by.0, point.1 + by.1);
            }
        }
    }

    fn wires(&mut self) {
        for card in 0..self.scene.cards.len() {
            self.own_wires(card);
        }
        // Where wires leave and reach a card they stand side by side.
        let keys: Vec<(usize, usize, Travel)> = self.edges.keys().copied().collect();
        let middle = |card: &Card| card.corner.0 + card.size.0 / 2.0;
        let mut leaving: BTreeMap<usize, Vec<(f64, usize)>> = BTreeMap::new();
        let mut reaching: BTreeMap<usize, Vec<(f64, usize)>> = BTreeMap::new();
        for (number, (from, to, _)) in keys.iter().enumerate() {
            let cards = &self.scene.cards;
            let (there, here) = (middle(&cards[*to]), middle(&cards[*from]));
            leaving.entry(*from).or_default().push((there, number));
            reaching.entry(*to).or_default().push((here, number));
        }
        for side in leaving.values_mut().chain(reaching.values_mut()) {
            side.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        let slot = |side: &[(f64, usize)], number: usize, card: &Card| {
            let at = side.iter().position(|(_, n)| *n == number).unwrap_or(0);
            card.corner.0 + card.size.0 * (at as f64 + 1.0) / (side.len() as f64 + 1.0)
        };
        for (number, key @ (from, to, travel)) in keys.iter().enumerate() {
            let (source, target) = (&self.scene.cards[*from], &self.scene.cards[*to]);
            let start = (
                slot(&leaving[from], number, source),
                source.corner.1 + source.size.1,
            );
            let end = (slot(&reaching[to], number, target), target.corner.1);
            let mut points = vec![start];
            // Straight down past what stands beside it in its layer, except to something above.
            let floor = self.floor(*from, *to).filter(|floor| *floor < end.1);
            points.extend(floor.map(|floor| (start.0, floor)));
            points.extend(self.between(*from, *to));
            points.push(end);
            let title = self.edges[key].join("\n");
            self.scene.wires.push(Wire {
                travel: *travel,
                points,
                title,
                aside: false,
                bulge: 0.0,
            });
        }
    }

    /// Where the layer of a card, or of the loop that it is in and another is not, ends.
    fn floor(&self, from: usize, to: usize) -> Option<f64> {
        let (a, b) = (self.path(from), self.path(to));
        self.floors.get(a.get(shared(&a, &b))?).copied()
    }

    /// The bends between two cards: those of the loop that holds both.
    fn between(&self, from: usize, to: usize) -> Vec<Point> {
        let (a, b) = (self.path(from), self.path(to));
        let shared = shared(&a, &b);
        let around = shared.checked_sub(1).and_then(|i| match a[i] {
            Thing::Frame(frame) => Some(self.name(frame).to_string()),
            Thing::Card(_) => None,
        });
        let (Some(x), Some(y)) = (a.get(shared), b.get(shared)) else {
            return Vec::new();
        };
        let bends = self.bends.get(&around).and_then(|b| b.get(&(*x, *y)));
        bends.cloned().unwrap_or_default()
    }

    /// The wires between rows of one card, along its left side.
    fn own_wires(&mut self, number: usize) {
        let card = &self.scene.cards[number];
        let rows: BTreeMap<&str, usize> = card
            .lines
            .iter()
            .enumerate()
            .map(|(row, at)| (self.lines[*at].name.as_str(), row))
            .collect();
        let mut wires = Vec::new();
        for (row, at) in card.lines.iter().enumerate() {
            for input in &self.lines[*at].inputs {
                let Some(&from) = rows.get(input.from.as_str()) else {
                    continue;
                };
                let height = |row: usize| card.corner.1 + HEAD + ROW * (row as f64 + 0.5);
                let far = row.abs_diff(from).min(5) as f64;
                let x = card.corner.0 + LEFT - 4.0;
                wires.push(Wire {
                    travel: input.travel,
                    points: vec![(x, height(from) + 2.0), (x, height(row) - 2.0)],
                    title: format!(
                        "{} to {}: {}",
                        input.from, self.lines[*at].name, input.words
                    ),
                    aside: true,
                    bulge: 6.0 + 3.4 * far,
                });
            }
        }
        self.scene.wires.extend(wires);
    }
}

/// How many loops two paths begin with together.
fn shared(a: &[Thing], b: &[Thing]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Incoming;

    /// An operator, alone in its relation or one of several.
    fn line(relation: &str, number: usize, from: &[&str]) -> Line {
        let inputs = from.iter().map(|from| Incoming {
            from: format!("{from}0"),
            port: 0,
            travel: Travel::Local,
            words: String::new(),
            inner: false,
        });
        Line {
            name: format!("{relation}{number}"),
            relation: relation.to_string(),
            relation_name: relation.to_string(),
            operator: "filter".to_string(),
            words: "filter by something that takes some room".to_string(),
            fixpoint: None,
            rows: None,
            price: None,
            label: "closed".to_string(),
            multiplicity: "set".to_string(),
            columns: Vec::new(),
            keys: Vec::new(),
            placement: String::new(),
            inputs: inputs.collect(),
            choices: Vec::new(),
            span: crate::Span::default(),
            place: None,
        }
    }

    /// Points of a wire that is not aside, as the pen draws it.
    fn along(wire: &Wire) -> Vec<Point> {
        let mut all = Vec::new();
        for ends in wire.points.windows(2) {
            let ((x, y), (to_x, to_y)) = (ends[0], ends[1]);
            for step in 0..=40 {
                let t = f64::from(step) / 40.0;
                // Both control points are half way down.
                let s = 3.0 * t * t - 2.0 * t * t * t;
                let half = 1.5 * t * (1.0 - t) + t * t * t;
                all.push((x + (to_x - x) * s, y + (to_y - y) * half));
            }
        }
        all
    }

    #[test]
    fn wires_pass_beside_cards() {
        // A short card beside a tall one, with a reader on the other side of it, and one far below.
        let mut lines = vec![line("a", 0, &[]), line("b", 0, &[]), line("c", 0, &[])];
        lines.extend((1..12).map(|number| line("b", number, &[])));
        lines.push(line("d", 0, &["b", "c"]));
        lines.push(line("e", 0, &["a", "d"]));
        lines.push(line("f", 0, &["a", "c", "b"]));
        let explanation = Explanation {
            program: String::new(),
            workers: 1,
            lines,
        };
        let scene = scene(&explanation);
        for wire in scene.wires.iter().filter(|wire| !wire.aside) {
            for (x, y) in along(wire) {
                let crossed = scene.cards.iter().find(|card| {
                    let (left, top) = card.corner;
                    let (right, bottom) = (left + card.size.0, top + card.size.1);
                    left < x && x < right && top + 0.1 < y && y < bottom - 0.1
                });
                assert!(
                    crossed.is_none(),
                    "{} crosses {}",
                    wire.title,
                    crossed.map_or("", |card| &card.title)
                );
            }
        }
    }
}
