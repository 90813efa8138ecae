//! What functions do to one value, for those who compute no vectors.

pub(crate) use super::dates::add_months;
pub(crate) use super::decimal::divide as divide_decimal;
pub(crate) use super::math::power;
pub(crate) use super::text::{length, utf8};
pub(crate) use crate::calendar::{MICROS_PER_DAY, civil, day_of_year};
