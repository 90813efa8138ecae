//! Arranges boxes in layers, after Sugiyama, Tagawa and Toda (1981).
//!
//! Cycles are broken by turning edges round, boxes are put into layers of bounded width, long edges
//! get a bend in every layer they cross, each layer is ordered by the barycentres of its
//! neighbours, and boxes move towards what they are connected to.

use std::collections::{BTreeMap, BTreeSet};

/// Space between boxes of one layer.
const BESIDE: f64 = 28.0;
/// Space between layers.
const BELOW: f64 = 46.0;
/// Width of a bend.
const BEND: f64 = 8.0;
/// How often layers are ordered and boxes moved.
const SWEEPS: usize = 12;

/// Boxes in their places.
#[derive(Debug, Default)]
pub(super) struct Arranged {
    /// Upper left corners.
    pub corners: Vec<(f64, f64)>,
    /// Where the layer of each box ends: what leaves the box passes its neighbours down to there.
    pub floors: Vec<f64>,
    /// Of everything.
    pub size: (f64, f64),
    /// The bends of each edge, from its start to its end.
    pub bends: BTreeMap<(usize, usize), Vec<(f64, f64)>>,
}

/// A box or a bend.
struct Spot {
    width: f64,
    height: f64,
    layer: usize,
    above: Vec<usize>,
    below: Vec<usize>,
    x: f64,
}

/// Arranges boxes of these sizes (width, height), connected by these edges, from above to below.
pub(super) fn arrange(sizes: &[(f64, f64)], edges: &BTreeSet<(usize, usize)>) -> Arranged {
    if sizes.is_empty() {
        return Arranged::default();
    }
    let down = without_cycles(sizes.len(), edges);
    let layers = layered(sizes.len(), &down);
    let mut spots: Vec<Spot> = sizes
        .iter()
        .zip(&layers)
        .map(|(&(width, height), &layer)| Spot {
            width,
            height,
            layer,
            above: Vec::new(),
            below: Vec::new(),
            x: 0.0,
        })
        .collect();
    let mut paths: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for &(from, to) in &down {
        let mut path = Vec::new();
        let mut last = from;
        for layer in layers[from] + 1..layers[to] {
            spots.push(Spot {
                width: BEND,
                height: 0.0,
                layer,
                above: vec![last],
                below: Vec::new(),
                x: 0.0,
            });
            let bend = spots.len() - 1;
            spots[last].below.push(bend);
            path.push(bend);
            last = bend;
        }
        spots[last].below.push(to);
        spots[to].above.push(last);
        paths.insert((from, to), path);
    }
    let mut rows = ordered(&spots);
    move_together(&mut spots, &mut rows);
    finish(sizes.len(), &spots, &rows, edges, &paths)
}

/// The same edges, those that close a cycle turned round.
fn without_cycles(count: usize, edges: &BTreeSet<(usize, usize)>) -> BTreeSet<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let next = |from: usize| edges.range((from, 0)..(from + 1, 0)).map(|(_, to)| *to);
    let mut states = vec![State::New; count];
    let mut down = BTreeSet::new();
    for root in 0..count {
        if states[root] != State::New {
            continue;
        }
        states[root] = State::Open;
        let mut stack = vec![(root, next(root).collect::<Vec<usize>>())];
        while let Some((from, left)) = stack.last_mut() {
            let from = *from;
            let Some(to) = left.pop() else {
                states[from] = State::Done;
                stack.pop();
                continue;
            };
            match states[to] {
                _ if to == from => {}
                State::Open => {
                    down.insert((to, from));
                }
                State::Done => {
                    down.insert((from, to));
                }
                State::New => {
                    down.insert((from, to));
                    states[to] = State::Open;
                    stack.push((to, next(to).collect()));
                }
            }
        }
    }
    down
}

/// A layer for each box, below all that feed it; no layer gets many more than others.
fn layered(count: usize, down: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let most = ((count as f64).sqrt() * 1.5).ceil().max(4.0) as usize;
    let mut waiting = vec![0usize; count];
    for (_, to) in down {
        waiting[*to] += 1;
    }
    let mut layers = vec![0usize; count];
    let mut room: Vec<usize> = Vec::new();
    let mut ready: BTreeSet<(usize, usize)> = (0..count)
        .filter(|i| waiting[*i] == 0)
        .map(|i| (0, i))
        .collect();
    while let Some((least, next)) = ready.pop_first() {
        let mut layer = least;
        loop {
            if room.len() <= layer {
                room.resize(layer + 1, 0);
            }
            if room[layer] < most {
                break;
            }
            layer += 1;
        }
        room[layer] += 1;
        layers[next] = layer;
        for (_, to) in down.range((next, 0)..(next + 1, 0)) {
            layers[*to] = layers[*to].max(layer + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.insert((layers[*to], *to));
            }
        }
    }
    // What is read only far below goes there.
    let mut by_layer: Vec<usize> = (0..count).collect();
    by_layer.sort_by_key(|i| std::cmp::Reverse(layers[*i]));
    for i in by_layer {
        let readers = down.range((i, 0)..(i + 1, 0)).map(|(_, to)| layers[*to]);
        let feeds = down.iter().any(|(_, to)| *to == i);
        let Some(first) = readers.min().filter(|_| !feeds) else {
            continue;
        };
        let fits = (layers[i]..first).rev().find(|l| room[*l] < most);
        if let Some(layer) = fits.filter(|l| *l > layers[i]) {
            room[layers[i]] -= 1;
            room[layer] += 1;
            layers[i] = layer;
        }
    }
    layers
}

/// The spots of each layer from left to right, with few crossings.
fn ordered(spots: &[Spot]) -> Vec<Vec<usize>> {
    let depth = spots.iter().map(|s| s.layer + 1).max().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for (i, spot) in spots.iter().enumerate() {
        rows[spot.layer].push(i);
    }
    let mut best = rows.clone();
    let mut fewest = crossings(spots, &rows);
    for sweep in 0..SWEEPS {
        let downward = sweep % 2 == 0;
        let layers: Vec<usize> = match downward {
            true => (1..depth).collect(),
            false => (0..depth.saturating_sub(1)).rev().collect(),
        };
        for layer in layers {
            let at = positions(spots.len(), &rows);
            let centre = |i: &usize| {
                let spot = &spots[*i];
                let near = if downward { &spot.above } else { &spot.below };
                match near.is_empty() {
                    true => at[*i],
                    false => near.iter().map(|n| at[*n]).sum::<f64>() / near.len() as f64,
                }
            };
            let mut keyed: Vec<(f64, usize)> =
                rows[layer].iter().map(|i| (centre(i), *i)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows[layer] = keyed.into_iter().map(|(_, i)| i).collect();
        }
        let now = crossings(spots, &rows);
        if now < fewest {
            fewest = now;
            best.clone_from(&rows);
        }
    }
    best
}

/// For each spot its place in its layer, from 0 to 1.
fn positions(count: usize, rows: &[Vec<usize>]) -> Vec<f64> {
    let mut at = vec![0.0; count];
    for row in rows {
        for (n, i) in row.iter().enumerate() {
            at[*i] = (n as f64 + 0.5) / row.len() as f64;
        }
    }
    at
}

fn crossings(spots: &[Spot], rows: &[Vec<usize>]) -> usize {
    let at = positions(spots.len(), rows);
    rows.iter()
        .map(|row| {
            let lines: Vec<(f64, f64)> = row
                .iter()
                .flat_map(|i| spots[*i].below.iter().map(|to| (at[*i], at[*to])))
                .collect();
            let pairs = lines.iter().enumerate();
            pairs
                .map(|(n, a)| {
                    let others = lines[n + 1..].iter();
                    others.filter(|b| (a.0 - b.0) * (a.1 - b.1) < 0.0).count()
                })
                .sum::<usize>()
        })
        .sum()
}

/// Gives each spot the horizontal place of its left side.
fn move_together(spots: &mut [Spot], rows: &mut [Vec<usize>]) {
    for row in rows.iter() {
        let mut x = 0.0;
        for &i in row {
            spots[i].x = x;
            x += spots[i].width + BESIDE;
        }
    }
    for sweep in 0..SWEEPS {
        let downward = sweep % 2 == 0;
        let layers: Vec<usize> = match downward {
            true => (0..rows.len()).collect(),
            false => (0..rows.len()).rev().collect(),
        };
        for layer in layers {
            let wanted: Vec<f64> = rows[layer]
                .iter()
                .map(|i| {
                    let spot = &spots[*i];
                    let near: Vec<f64> = spot
                        .above
                        .iter()
                        .chain(&spot.below)
                        .map(|n| spots[*n].x + spots[*n].width / 2.0)
                        .collect();
                    match near.is_empty() {
                        true => spot.x,
                        false => near.iter().sum::<f64>() / near.len() as f64 - spot.width / 2.0,
                    }
                })
                .collect();
            let widths: Vec<f64> = rows[layer].iter().map(|i| spots[*i].width).collect();
            for (i, x) in rows[layer].iter().zip(apart(&wanted, &widths)) {
                spots[*i].x = x;
            }
        }
    }
}

/// The places nearest to those wanted, by least squares, at which nothing overlaps: neighbours that
/// would are put together and take the mean of what they want.
fn apart(wanted: &[f64], widths: &[f64]) -> Vec<f64> {
    // A run: sum of what its members want of its start, their number, its width.
    let mut runs: Vec<(f64, f64, f64)> = Vec::new();
    for (want, width) in wanted.iter().zip(widths) {
        let mut run = (*want, 1.0, width + BESIDE);
        while let Some(last) = runs.last() {
            if last.0 / last.1 + last.2 <= run.0 / run.1 {
                break;
            }
            run = (
                last.0 + run.0 - last.2 * run.1,
                last.1 + run.1,
                last.2 + run.2,
            );
            runs.pop();
        }
        runs.push(run);
    }
    let mut places = Vec::with_capacity(wanted.len());
    for (sum, count, _) in runs {
        let mut x = sum / count;
        for _ in 0..count as usize {
            places.push(x);
            x += widths[places.len() - 1] + BESIDE;
        }
    }
    places
}

fn finish(
    count: usize,
    spots: &[Spot],
    rows: &[Vec<usize>],
    edges: &BTreeSet<(usize, usize)>,
    paths: &BTreeMap<(usize, usize), Vec<usize>>,
) -> Arranged {
    let left = spots.iter().map(|s| s.x).fold(f64::INFINITY, f64::min);
    let right = spots.iter().map(|s| s.x + s.width).fold(0.0, f64::max);
    let mut tops = Vec::new();
    let mut y = 0.0;
    for row in rows {
        let height = row.iter().map(|i| spots[*i].height).fold(0.0, f64::max);
        tops.push((y, height));
        y += height + BELOW;
    }
    let place = |i: usize| (spots[i].x - left, tops[spots[i].layer].0);
    let floor = |i: usize| {
        let (top, height) = tops[spots[i].layer];
        top + height
    };
    let bend = |i: &usize| {
        let (top, height) = tops[spots[*i].layer];
        let x = spots[*i].x - left + spots[*i].width / 2.0;
        [(x, top), (x, top + height)]
    };
    let bends = edges
        .iter()
        .filter(|(from, to)| from != to)
        .map(|&(from, to)| {
            let points = match paths.get(&(from, to)) {
                Some(path) => path.iter().flat_map(bend).collect(),
                None => {
                    let path = paths.get(&(to, from)).into_iter().flatten();
                    let mut points: Vec<(f64, f64)> = path.flat_map(bend).collect();
                    points.reverse();
                    points
                }
            };
            ((from, to), points)
        })
        .collect();
    Arranged {
        corners: (0..count).map(place).collect(),
        floors: (0..count).map(floor).collect(),
        size: (right - left, (y - BELOW).max(0.0)),
        bends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaps(arranged: &Arranged, sizes: &[(f64, f64)]) -> bool {
        let rectangles: Vec<_> = arranged.corners.iter().zip(sizes).collect();
        rectangles.iter().enumerate().any(|(i, (a, m))| {
            rectangles[i + 1..].iter().any(|(b, n)| {
                a.0 < b.0 + n.0 && b.0 < a.0 + m.0 && a.1 < b.1 + n.1 && b.1 < a.1 + m.1
            })
        })
    }

    #[test]
    fn boxes_do_not_overlap_and_feed_downwards() {
        let sizes: Vec<(f64, f64)> = (0..40)
            .map(|i| (60.0 + f64::from(i * 7 % 90), 20.0 + f64::from(i * 5 % 60)))
            .collect();
        let edges: BTreeSet<(usize, usize)> = (1..40usize)
            .flat_map(|i| [(i / 3, i), (i * 7 % i, i)])
            .filter(|(a, b)| a != b)
            .collect();
        let arranged = arrange(&sizes, &edges);
        assert!(!overlaps(&arranged, &sizes));
        for (from, to) in &edges {
            assert!(arranged.corners[*from].1 < arranged.corners[*to].1);
        }
        assert!(arranged.corners.iter().all(|(x, y)| *x >= 0.0 && *y >= 0.0));
    }

    #[test]
    fn cycles_and_nothing_at_all() {
        let sizes = [(10.0, 10.0); 3];
        let edges = BTreeSet::from([(0, 1), (1, 2), (2, 0), (1, 1)]);
        let arranged = arrange(&sizes, &edges);
        assert!(!overlaps(&arranged, &sizes));
        assert!(arranged.bends.contains_key(&(2, 0)));
        assert_eq!(arrange(&[], &BTreeSet::new()).corners, []);
    }

    #[test]
    fn neighbours_share_what_they_want() {
        let places = apart(&[0.0, 0.0, 1000.0], &[10.0, 10.0, 10.0]);
        assert_eq!(places, [-19.0, 19.0, 1000.0]);
    }
}
