//! From a routine to Cranelift's intermediate form: one loop over the lanes.
//!
//! Invariants:
//! - Selections are instructions, not jumps, and the outputs of every lane that reaches them are
//!   stored; whether a lane counts is added to a counter. Jumps skip only what is costly.
//! - An operation is emitted where it is first needed, and used again only where that place
//!   dominates: what an arm of a branch computed is forgotten behind it.
//! - The code names no address: everything is reached through its one argument.

use std::collections::BTreeMap;
use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, Type, Value,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;

use super::code::Call;
use super::graph::{Binary, Id, Op, Unary};
use super::helpers::Helper;
use super::narrow::narrow;
use super::plan::{Body, Routine};

/// Memory of the call itself; it is valid, aligned, and only its counts are written.
fn given() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

/// Fills a function of the type of [`super::code::Entry`] with the loop.
pub(super) fn emit(routine: &Routine, mut builder: FunctionBuilder, isa: &dyn TargetIsa) {
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let call = builder.block_params(entry)[0];
    let mut field = |offset: usize| builder.ins().load(I64, given(), call, offset as i32);
    let rows = field(offset_of!(Call, rows));
    let lanes = field(offset_of!(Call, lanes));
    let parents = field(offset_of!(Call, parents));
    let columns = field(offset_of!(Call, columns));
    let pool = field(offset_of!(Call, pool));
    let output = field(offset_of!(Call, output));
    let kept = field(offset_of!(Call, kept));
    let failed = field(offset_of!(Call, failed));
    let helpers = field(offset_of!(Call, helpers));
    let interner = field(offset_of!(Call, interner));

    let mut helper = Signature::new(isa.default_call_conv());
    helper.params = vec![AbiParam::new(I64); 4];
    helper.returns = vec![AbiParam::new(I64); 2];
    let helper = builder.import_signature(helper);

    let [head, latch, exit] = [0; 3].map(|_| builder.create_block());
    let [lane, row, kept_count, failed_count] =
        [0; 4].map(|_| builder.append_block_param(head, I64));
    let zero = builder.ins().iconst(I64, 0);
    jump(&mut builder, head, &[zero, rows, zero, zero]);

    builder.switch_to_block(head);
    let stride = routine.arity as i64 * 8;
    let at = match routine.has_parents {
        true => {
            let offset = builder.ins().ishl_imm_u(lane, 2);
            let address = builder.ins().iadd(parents, offset);
            let parent = builder.ins().uload32(given(), address, 0);
            let offset = builder.ins().imul_imm_s(parent, stride);
            builder.ins().iadd(rows, offset)
        }
        false => row,
    };
    let frame = Frame {
        row: at,
        lane,
        columns,
        pool,
        helpers,
        interner,
        helper,
    };
    let lists = Lists {
        output,
        lists: [kept, failed],
        counts: [kept_count, failed_count],
        latch,
    };
    match narrow(&routine.body) {
        None => Emitter::new(&routine.body, frame, &mut builder).lane(&routine.body, &lists),
        Some(narrow) => {
            let fits = Emitter::new(&narrow.body, frame, &mut builder).fits(&narrow.limits);
            let [small, any] = [0; 2].map(|_| builder.create_block());
            builder.ins().brif(fits, small, &[], any, &[]);
            for (start, body) in [(small, &narrow.body), (any, &routine.body)] {
                builder.switch_to_block(start);
                Emitter::new(body, frame, &mut builder).lane(body, &lists);
            }
        }
    }

    let [kept_count, failed_count] = [0; 2].map(|_| builder.append_block_param(latch, I64));
    builder.switch_to_block(latch);
    let next = builder.ins().iadd_imm_s(lane, 1);
    let next_row = builder.ins().iadd_imm_s(row, stride);
    let more = builder.ins().icmp(IntCC::UnsignedLessThan, next, lanes);
    let arguments = [next, next_row, kept_count, failed_count].map(BlockArg::Value);
    builder.ins().brif(more, head, &arguments, exit, &[]);

    builder.switch_to_block(exit);
    for (value, offset) in [
        (kept_count, offset_of!(Call, kept_count)),
        (failed_count, offset_of!(Call, failed_count)),
    ] {
        let flags = MemFlagsData::trusted();
        builder.ins().store(flags, value, call, offset as i32);
    }
    builder.ins().return_(&[]);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
}

fn jump(builder: &mut FunctionBuilder, to: Block, arguments: &[Value]) {
    let arguments: Vec<BlockArg> = arguments.iter().map(|&v| BlockArg::Value(v)).collect();
    builder.ins().jump(to, &arguments);
}

/// What the code for a lane reads.
#[derive(Clone, Copy)]
struct Frame {
    row: Value,
    lane: Value,
    columns: Value,
    pool: Value,
    helpers: Value,
    interner: Value,
    helper: SigRef,
}

/// Where the code for a lane writes, and goes on.
struct Lists {
    output: Value,
    /// The numbers of the lanes that are kept and of those that fail, and how many there are.
    lists: [Value; 2],
    counts: [Value; 2],
    /// Takes the new counts.
    latch: Block,
}

struct Emitter<'a, 'b> {
    ops: &'a [Op],
    /// What was emitted and may be used here: one value, or the two of a branch or call.
    values: Vec<Option<[Value; 2]>>,
    /// For a sum, difference or product and the flag that it overflows: the other of the two.
    partners: Vec<Option<Id>>,
    /// What was emitted, in order.
    trail: Vec<Id>,
    frame: Frame,
    builder: &'a mut FunctionBuilder<'b>,
}

/// The flag that belongs to a sum, difference or product.
fn overflow_of(op: Binary) -> Option<Binary> {
    match op {
        Binary::Add => Some(Binary::AddOverflows),
        Binary::Sub => Some(Binary::SubOverflows),
        Binary::Mul => Some(Binary::MulOverflows),
        _ => None,
    }
}

fn partners(ops: &[Op]) -> Vec<Option<Id>> {
    let ids: hashbrown::HashMap<Op, Id> = ops.iter().copied().zip(0..).collect();
    let mut partners = vec![None; ops.len()];
    for (&op, id) in ops.iter().zip(0..) {
        if let Op::Binary(op, a, b) = op
            && let Some(flag) = overflow_of(op)
            && let Some(&flag) = ids.get(&Op::Binary(flag, a, b))
        {
            partners[id as usize] = Some(flag);
            partners[flag as usize] = Some(id);
        }
    }
    partners
}

impl<'a, 'b> Emitter<'a, 'b> {
    fn new(body: &'a Body, frame: Frame, builder: &'a mut FunctionBuilder<'b>) -> Self {
        Emitter {
            ops: &body.ops,
            values: vec![None; body.ops.len()],
            partners: partners(&body.ops),
            trail: Vec::new(),
            frame,
            builder,
        }
    }

    /// Emits whether each word, its sign aside, has no more than its bits.
    fn fits(&mut self, limits: &[(Op, u32)]) -> Value {
        // One test for all words of as many bits.
        let mut by_bits = BTreeMap::<u32, Value>::new();
        for &(op, bits) in limits {
            let word = self.load(I64, op).expect("limits are on what is loaded");
            // Not negative, and one bit more, if and only if it fits.
            let raised = self.builder.ins().iadd_imm_s(word, 1 << bits);
            match by_bits.get_mut(&bits) {
                Some(all) => *all = self.builder.ins().bor(*all, raised),
                None => {
                    by_bits.insert(bits, raised);
                }
            }
        }
        let mut rest = self.builder.ins().iconst(I64, 0);
        for (bits, all) in by_bits {
            let above = self.builder.ins().ushr_imm_u(all, i64::from(bits) + 1);
            rest = self.builder.ins().bor(rest, above);
        }
        self.builder.ins().icmp_imm_s(IntCC::Equal, rest, 0)
    }

    /// Emits what a body does for one lane, and the jump to what follows it.
    fn lane(mut self, body: &Body, lists: &Lists) {
        for &guard in &body.guards {
            if self.known(guard) == Some(true) {
                continue;
            }
            let holds = self.value(guard);
            let on = self.builder.create_block();
            let skip = lists.counts.map(BlockArg::Value);
            self.builder.ins().brif(holds, on, &[], lists.latch, &skip);
            self.builder.switch_to_block(on);
        }
        let outputs: Vec<Value> = body.outputs.iter().map(|&id| self.value(id)).collect();
        let width = outputs.len() as i64 * 8;
        let offset = self.builder.ins().imul_imm_s(lists.counts[0], width);
        let address = self.builder.ins().iadd(lists.output, offset);
        for (index, value) in outputs.into_iter().enumerate() {
            let flags = MemFlagsData::trusted();
            let offset = index as i32 * 8;
            self.builder.ins().store(flags, value, address, offset);
        }
        let flags = [body.keep, body.fail];
        let counts = [0, 1].map(|i| self.count(flags[i], lists.lists[i], lists.counts[i]));
        jump(self.builder, lists.latch, &counts);
    }

    /// Emits that the lane is added to a list if a flag is set; gives the new count.
    fn count(&mut self, flag: Id, list: Value, count: Value) -> Value {
        let known = self.known(flag);
        if known == Some(false) {
            return count;
        }
        let is_set = self.value(flag);
        let builder = &mut *self.builder;
        let offset = builder.ins().ishl_imm_u(count, 2);
        let address = builder.ins().iadd(list, offset);
        let flags = MemFlagsData::trusted();
        builder.ins().istore32(flags, self.frame.lane, address, 0);
        match known {
            Some(_) => builder.ins().iadd_imm_s(count, 1),
            None => {
                let one = builder.ins().uextend(I64, is_set);
                builder.ins().iadd(count, one)
            }
        }
    }

    fn known(&self, flag: Id) -> Option<bool> {
        match self.ops[flag as usize] {
            Op::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    fn value(&mut self, id: Id) -> Value {
        self.both(id)[0]
    }

    fn both(&mut self, id: Id) -> [Value; 2] {
        if let Some(values) = self.values[id as usize] {
            return values;
        }
        let values = match self.ops[id as usize] {
            Op::Branch {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise),
            Op::Call(helper, detail, arguments) => self.call(helper, detail, arguments),
            Op::Part(whole, part) => [self.both(whole)[part as usize]; 2],
            Op::Binary(op, a, b) if self.partners[id as usize].is_some() => {
                return self.with_overflow(id, op, a, b);
            }
            op => [self.single(op); 2],
        };
        self.values[id as usize] = Some(values);
        self.trail.push(id);
        values
    }

    /// Emits a sum, difference or product together with the flag that it overflows.
    fn with_overflow(&mut self, id: Id, op: Binary, a: Id, b: Id) -> [Value; 2] {
        let [a, b] = [a, b].map(|id| self.value(id));
        let ins = self.builder.ins();
        let (value, flag) = match op {
            Binary::Add | Binary::AddOverflows => ins.sadd_overflow(a, b),
            Binary::Sub | Binary::SubOverflows => ins.ssub_overflow(a, b),
            _ => ins.smul_overflow(a, b),
        };
        let is_flag = overflow_of(op).is_none();
        let partner = self.partners[id as usize].expect("the caller has seen it");
        for (id, result) in [(id, is_flag), (partner, !is_flag)] {
            let result = if result { flag } else { value };
            self.values[id as usize] = Some([result; 2]);
            self.trail.push(id);
        }
        [if is_flag { flag } else { value }; 2]
    }

    fn branch(&mut self, condition: Id, then: [Id; 2], otherwise: [Id; 2]) -> [Value; 2] {
        let condition = self.value(condition);
        let [yes, no, join] = [0; 3].map(|_| self.builder.create_block());
        self.builder.ins().brif(condition, yes, &[], no, &[]);
        let mut types: [Type; 2] = [I64; 2];
        for (block, arm) in [(yes, then), (no, otherwise)] {
            self.builder.switch_to_block(block);
            let mark = self.trail.len();
            let values = arm.map(|id| self.value(id));
            types = values.map(|value| self.builder.func.dfg.value_type(value));
            jump(self.builder, join, &values);
            for id in self.trail.drain(mark..) {
                self.values[id as usize] = None;
            }
        }
        let values = types.map(|ty| self.builder.append_block_param(join, ty));
        self.builder.switch_to_block(join);
        values
    }

    fn call(&mut self, helper: Helper, detail: u64, arguments: [Id; 2]) -> [Value; 2] {
        let [a, b] = arguments.map(|id| self.value(id));
        let builder = &mut *self.builder;
        let detail = builder.ins().iconst(I64, detail as i64);
        let function = builder
            .ins()
            .load(I64, given(), self.frame.helpers, helper as i32 * 8);
        let arguments = [self.frame.interner, detail, a, b];
        let call = builder
            .ins()
            .call_indirect(self.frame.helper, function, &arguments);
        let [word, failed] = [0, 1].map(|i| builder.inst_results(call)[i]);
        let failed = builder.ins().ireduce(I8, failed);
        [word, failed]
    }

    fn load(&mut self, ty: Type, op: Op) -> Option<Value> {
        Some(match op {
            Op::Column(index) => {
                self.builder
                    .ins()
                    .load(ty, given(), self.frame.row, index as i32 * 8)
            }
            Op::Pool(index) => {
                self.builder
                    .ins()
                    .load(ty, given(), self.frame.pool, index as i32 * 8)
            }
            Op::Interpreted(index) => {
                let builder = &mut *self.builder;
                let column = builder
                    .ins()
                    .load(I64, given(), self.frame.columns, index as i32 * 8);
                let offset = builder.ins().ishl_imm_u(self.frame.lane, 3);
                let address = builder.ins().iadd(column, offset);
                builder.ins().load(ty, given(), address, 0)
            }
            _ => return None,
        })
    }

    fn single(&mut self, op: Op) -> Value {
        if let Some(word) = self.load(I64, op) {
            return word;
        }
        match op {
            Op::Word(word) => self.builder.ins().iconst(I64, word as i64),
            Op::Flag(flag) => self.builder.ins().iconst(I8, flag as i64),
            Op::Unary(Unary::FloatOf, word) => match self.load(F64, self.ops[word as usize]) {
                Some(float) => float,
                None => match self.ops[word as usize] {
                    Op::Word(word) => self.builder.ins().f64const(f64::from_bits(word)),
                    _ => {
                        let word = self.value(word);
                        self.builder.ins().bitcast(F64, MemFlagsData::new(), word)
                    }
                },
            },
            Op::Unary(op, a) => {
                let a = self.value(a);
                self.unary(op, a)
            }
            Op::Binary(op @ (Binary::Div | Binary::Rem), a, b)
                if !matches!(self.ops[b as usize], Op::Word(_)) =>
            {
                let [a, b] = [a, b].map(|id| self.value(id));
                self.divide(op, a, b)
            }
            Op::Binary(op, a, b) => {
                let [a, b] = [a, b].map(|id| self.value(id));
                self.binary(op, a, b)
            }
            Op::Select(condition, a, b) => {
                let [condition, a, b] = [condition, a, b].map(|id| self.value(id));
                self.builder.ins().select(condition, a, b)
            }
            _ => unreachable!("what has two values is emitted apart"),
        }
    }

    /// Emits a quotient or rest: of 32 bits where both numbers fit, which on many machines takes half
    /// the time.
    fn divide(&mut self, op: Binary, a: Value, b: Value) -> Value {
        let either = self.builder.ins().bor(a, b);
        let high = self.builder.ins().ushr_imm_u(either, 32);
        let [long, short, join] = [0; 3].map(|_| self.builder.create_block());
        self.builder.ins().brif(high, long, &[], short, &[]);
        self.builder.switch_to_block(long);
        let result = self.binary(op, a, b);
        jump(self.builder, join, &[result]);
        self.builder.switch_to_block(short);
        let [a, b] = [a, b].map(|value| self.builder.ins().ireduce(I32, value));
        let result = match op {
            Binary::Div => self.builder.ins().udiv(a, b),
            _ => self.builder.ins().urem(a, b),
        };
        let result = self.builder.ins().uextend(I64, result);
        jump(self.builder, join, &[result]);
        let result = self.builder.append_block_param(join, I64);
        self.builder.switch_to_block(join);
        result
    }

    fn unary(&mut self, op: Unary, a: Value) -> Value {
        let ins = self.builder.ins();
        match op {
            Unary::FloatOf => ins.bitcast(F64, MemFlagsData::new(), a),
            Unary::WordOf => ins.bitcast(I64, MemFlagsData::new(), a),
            Unary::FlagOf => ins.icmp_imm_s(IntCC::NotEqual, a, 0),
            Unary::WordOfFlag => ins.uextend(I64, a),
            Unary::Not => ins.bxor_imm_u(a, 1),
            Unary::IsNan => ins.fcmp(FloatCC::Unordered, a, a),
            Unary::Negate => ins.ineg(a),
            Unary::Magnitude => ins.iabs(a),
            Unary::IntToFloat => ins.fcvt_from_sint(F64, a),
            Unary::FloatToInt => ins.fcvt_to_sint_sat(I64, a),
            Unary::NegateFloat => ins.fneg(a),
            Unary::MagnitudeFloat => ins.fabs(a),
            Unary::Floor => ins.floor(a),
            Unary::Ceil => ins.ceil(a),
            Unary::Trunc => ins.trunc(a),
            Unary::Sqrt => ins.sqrt(a),
            Unary::Canonical => {
                let zero = ins.f64const(0.0);
                let sum = self.builder.ins().fadd(a, zero);
                let is_nan = self.builder.ins().fcmp(FloatCC::Unordered, a, a);
                let nan = self.builder.ins().f64const(f64::NAN);
                self.builder.ins().select(is_nan, nan, sum)
            }
            Unary::Round => {
                // The greatest float below one half: adding one half itself may round up to the next
                // whole number.
                let half = ins.f64const(0.5f64.next_down());
                let half = self.builder.ins().fcopysign(half, a);
                let sum = self.builder.ins().fadd(a, half);
                self.builder.ins().trunc(sum)
            }
        }
    }

    fn binary(&mut self, op: Binary, a: Value, b: Value) -> Value {
        let ins = self.builder.ins();
        match op {
            Binary::Add => ins.iadd(a, b),
            Binary::Sub => ins.isub(a, b),
            Binary::Mul => ins.imul(a, b),
            Binary::AddOverflows => ins.sadd_overflow(a, b).1,
            Binary::SubOverflows => ins.ssub_overflow(a, b).1,
            Binary::MulOverflows => ins.smul_overflow(a, b).1,
            Binary::Div => ins.sdiv(a, b),
            Binary::Rem => ins.srem(a, b),
            Binary::BitAnd | Binary::And => ins.band(a, b),
            Binary::BitOr | Binary::Or => ins.bor(a, b),
            Binary::BitXor => ins.bxor(a, b),
            Binary::ShiftLeft => ins.ishl(a, b),
            Binary::ShiftRight => ins.sshr(a, b),
            Binary::Equal => ins.icmp(IntCC::Equal, a, b),
            Binary::Less => ins.icmp(IntCC::SignedLessThan, a, b),
            Binary::AddFloat => ins.fadd(a, b),
            Binary::SubFloat => ins.fsub(a, b),
            Binary::MulFloat => ins.fmul(a, b),
            Binary::DivFloat => ins.fdiv(a, b),
            Binary::EqualFloat => ins.fcmp(FloatCC::Equal, a, b),
            Binary::LessFloat => ins.fcmp(FloatCC::LessThan, a, b),
            Binary::NotGreaterEqualFloat => ins.fcmp(FloatCC::UnorderedOrLessThan, a, b),
        }
    }
}
