//! The spawn daemon of one core: starts, stops and cleans up programs.
