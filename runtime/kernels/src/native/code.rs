//! Machine code: making it, keeping it, calling it.
//!
//! Invariants:
//! - Code is position-independent without relocations: it may be copied anywhere, and to a disk.
//! - A page is never writable and executable at once.

use std::fmt;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, Function, Signature, UserFuncName};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use memmap2::{Mmap, MmapMut};

use super::emit::emit;
use super::helpers::TABLE;
use super::lower::Reason;
use super::plan::Routine;
use crate::Interner;

/// The argument of native code. Its layout is part of the code.
#[repr(C)]
pub(super) struct Call {
    /// The first word of the first row.
    pub(super) rows: *const u64,
    /// At least one.
    pub(super) lanes: u64,
    /// The row of each lane, where the routine has parents.
    pub(super) parents: *const u32,
    /// The interpreted columns: a word a lane.
    pub(super) columns: *const *const u64,
    pub(super) pool: *const u64,
    /// Room for one row of outputs a lane.
    pub(super) output: *mut u64,
    /// Room for one number a lane: the lanes that were kept, and those that fail.
    pub(super) kept: *mut u32,
    pub(super) failed: *mut u32,
    pub(super) helpers: *const (),
    pub(super) interner: *const Interner,
    /// How many they are.
    pub(super) kept_count: u64,
    pub(super) failed_count: u64,
}

/// What the first byte of the code is.
type Entry = unsafe extern "C" fn(*mut Call);

/// The code of a routine.
pub(super) struct Code {
    map: Mmap,
    routine: Routine,
}

/// Where a run of code takes from and gives to.
pub(super) struct Buffers<'a> {
    /// Whole rows of the routine's arity.
    pub(super) rows: &'a [u64],
    /// The row of each lane.
    pub(super) parents: Option<&'a [u32]>,
    pub(super) columns: &'a [&'a [u64]],
    pub(super) pool: &'a [u64],
    pub(super) kept: &'a mut Vec<u32>,
    pub(super) failed: &'a mut Vec<u32>,
}

impl Code {
    /// Runs over some lanes. The words of the rows that are kept are appended to `output`; `kept`
    /// and `failed` are replaced.
    pub(super) fn run(
        &self,
        lanes: usize,
        buffers: Buffers,
        interner: &Interner,
        output: &mut Vec<u64>,
    ) {
        let routine = &self.routine;
        let Buffers {
            rows,
            parents,
            columns,
            pool,
            kept,
            failed,
        } = buffers;
        kept.clear();
        failed.clear();
        if lanes == 0 {
            return;
        }
        let arity = routine.arity;
        match parents {
            Some(parents) => {
                assert!(routine.has_parents && parents.len() == lanes);
                let last = parents.iter().copied().max().unwrap_or(0) as usize;
                assert!((last + 1) * arity <= rows.len());
            }
            None => assert!(!routine.has_parents && lanes * arity <= rows.len()),
        }
        assert!(columns.iter().all(|column| column.len() >= lanes));
        kept.reserve(lanes);
        failed.reserve(lanes);
        let width = routine.body.outputs.len();
        output.reserve(lanes * width);
        let columns: Vec<*const u64> = columns.iter().map(|column| column.as_ptr()).collect();
        let mut call = Call {
            rows: rows.as_ptr(),
            lanes: lanes as u64,
            parents: parents.map_or(std::ptr::null(), <[u32]>::as_ptr),
            columns: columns.as_ptr(),
            pool: pool.as_ptr(),
            output: output.spare_capacity_mut().as_mut_ptr().cast(),
            kept: kept.as_mut_ptr(),
            failed: failed.as_mut_ptr(),
            helpers: TABLE.as_ptr().cast(),
            interner,
            kept_count: 0,
            failed_count: 0,
        };
        // SAFETY: the map holds the code of a function of this type, made for this machine from this
        // routine. It reads a row, a word of each column and a parent for each of the `lanes`, for
        // which the asserts above and the stage's pool have them, and calls only the table's
        // functions. At most one number a lane is written to each list and one row a lane to the
        // output, for which room was reserved; as many are then initialised as the counts say.
        unsafe {
            let entry: Entry = std::mem::transmute::<*const u8, Entry>(self.map.as_ptr());
            entry(&mut call);
            kept.set_len(call.kept_count as usize);
            failed.set_len(call.failed_count as usize);
            output.set_len(output.len() + call.kept_count as usize * width);
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Code({} bytes)", self.map.len())
    }
}

/// Makes code for this machine.
pub(super) struct Maker {
    isa: OwnedTargetIsa,
}

impl Maker {
    /// A maker for the machine that this process runs on.
    pub(super) fn new() -> Result<Maker, Reason> {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            return Err("no native code for this kind of machine".into());
        }
        let unsupported = |why: &dyn fmt::Display| format!("no native code: {why}");
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", "speed"),
            ("is_pic", "true"),
            (
                "enable_verifier",
                if cfg!(debug_assertions) {
                    "true"
                } else {
                    "false"
                },
            ),
            ("enable_probestack", "false"),
            ("unwind_info", "false"),
        ] {
            flags
                .set(name, value)
                .map_err(|error| unsupported(&error))?;
        }
        let builder = cranelift_native::builder().map_err(|error| unsupported(&error))?;
        let isa = builder
            .finish(settings::Flags::new(flags))
            .map_err(|error| unsupported(&error))?;
        // Rounding would otherwise be calls, and helpers give two words in registers.
        let flags = isa.isa_flags();
        let rounds = flags
            .iter()
            .any(|f| f.name == "has_sse41" && f.as_bool() == Some(true));
        match rounds && isa.default_call_conv() == CallConv::SystemV {
            true => Ok(Maker { isa }),
            false => Err("no native code for this kind of machine".into()),
        }
    }

    /// Compiles a routine.
    pub(super) fn make(&self, routine: Routine) -> Result<Code, Reason> {
        let mut signature = Signature::new(self.isa.default_call_conv());
        signature.params.push(AbiParam::new(I64));
        let mut function = Function::with_name_signature(UserFuncName::default(), signature);
        let mut frontend = FunctionBuilderContext::new();
        let builder = FunctionBuilder::new(&mut function, &mut frontend);
        emit(&routine, builder, &*self.isa);
        let mut context = cranelift_codegen::Context::for_function(function);
        let compiled = context
            .compile(&*self.isa, &mut ControlPlane::default())
            .map_err(|error| format!("Cranelift: {}", error.inner))?;
        if !compiled.buffer.relocs().is_empty() {
            return Err("code with relocations".into());
        }
        let map = executable(compiled.code_buffer())
            .map_err(|error| format!("memory for code: {error}"))?;
        Ok(Code { map, routine })
    }
}

fn executable(code: &[u8]) -> std::io::Result<Mmap> {
    let mut map = MmapMut::map_anon(code.len())?;
    map.copy_from_slice(code);
    map.make_exec()
}
